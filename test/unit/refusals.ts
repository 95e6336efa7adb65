import { describe, expect, it } from "vitest";
import { validateArguments } from "../../components/validation/index.ts";

/** What is refused: a name, a configuration, and the whole of its sentences without the namespace in front. */
export type Refusal = [name: string, raw: unknown, ...sentences: string[]];

/** How messages name keys in these tests. */
export const path = (key: string): string => `redis-bluegreen:${key}`;

/** A password that is strong enough for every endpoint. */
export const STRONG = "correct horse battery";

/** How the sentence about a number out of bounds ends. */
export const BOUNDS = "set a number within these bounds, or remove it to have the default.";

/** A configuration that is right but for what is given. */
export function withBlue(changes: object, rest: object = {}): object {
  return { live: "blue", blue: { version: "7.0", ...changes }, ...rest };
}

/** The sentences that a configuration gets. */
export function sentences(raw: unknown, newStandby = false): string[] {
  const { problems, arguments: args } = validateArguments(raw, { path, newStandby });
  expect(args === undefined).toBe(problems.length > 0);
  return problems.map(({ message }) => message);
}

/** One test for each refusal, and one that none shows a password: those in the tables are found by their parts. */
export function describeRefusals(title: string, refusals: readonly Refusal[]): void {
  describe(title, () => {
    it.each(refusals)("%s", (_, raw, ...expected) => {
      expect(sentences(raw)).toEqual(expected.map((sentence) => path(sentence)));
    });

    it("shows no password", () => {
      const all = refusals.flatMap(([, raw]) => sentences(raw)).join("\n");
      expect(all).not.toMatch(/hunter2|horse|abab|1234567/);
    });
  });
}
