import { defineConfig } from "vitest/config";

/** A layer of tests: the folder of the same name under test/. */
interface Layer {
  name: string;
  /** For one test or hook, in milliseconds. */
  timeout: number;
  /** One file after the other, because the files share ports, a daemon or the processor. */
  serial: boolean;
}

const layers: Layer[] = [
  { name: "unit", timeout: 10_000, serial: false },
  { name: "components", timeout: 30_000, serial: false },
  { name: "provider", timeout: 120_000, serial: true },
  { name: "ground", timeout: 120_000, serial: true },
  { name: "e2e", timeout: 600_000, serial: true },
];

export default defineConfig({
  test: {
    projects: layers.map(({ name, timeout, serial }) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        pool: "forks",
        testTimeout: timeout,
        hookTimeout: timeout,
        fileParallelism: !serial,
      },
    })),
  },
});
