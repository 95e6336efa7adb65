import { defineConfig } from "vitest/config";

/** A layer of tests: the folder of the same name under test/. */
interface Layer {
  name: string;
  /** For one test or hook, in milliseconds: what hangs ends, and what a busy machine takes several times as long for does not. */
  timeout: number;
  /**
   * How many files at a time; absent: as many as there are cores. What waits for servers gains by two. An end-to-end test
   * keeps two cores busy by itself: two of them took 1,080 s instead of 1,275.
   */
  workers?: number;
}

const layers: Layer[] = [
  { name: "unit", timeout: 10_000 },
  { name: "components", timeout: 60_000 },
  { name: "provider", timeout: 300_000, workers: 2 },
  { name: "ground", timeout: 300_000, workers: 1 },
  { name: "e2e", timeout: 600_000, workers: 1 },
];

export default defineConfig({
  test: {
    projects: layers.map(({ name, timeout, workers }) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        pool: "forks",
        testTimeout: timeout,
        hookTimeout: timeout,
        ...(workers === undefined ? {} : { maxWorkers: workers }),
      },
    })),
  },
});
