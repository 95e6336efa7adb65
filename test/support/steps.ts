import { test } from "vitest";

/** Runs as one test. */
export type Step = (name: string, run: () => Promise<void>) => void;

/**
 * Tests that lead one stack from one state to the next, in the order in which they are written: after one has failed,
 * the rest would only tell of its consequences and is skipped.
 */
export function inSteps(): Step {
  let failed: string | undefined;
  return (name, run) => {
    test(name, async (context) => {
      if (failed !== undefined) context.skip(`"${failed}" failed`);
      try {
        await run();
      } catch (error) {
        failed = name;
        throw error;
      }
    });
  };
}
