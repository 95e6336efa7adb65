import { describe, expect, it } from "vitest";
import type { KeyFingerprint } from "../../components/engine/verification/keyFingerprint.ts";
import {
  AGREES_MS,
  isCertain,
  isEqual,
  SAME_LOOKS,
  sightAgain,
  type Difference,
  type Sighting,
} from "../../components/engine/verification/sighting.ts";

const value = (digest: string): KeyFingerprint => ({ type: "string", digest, readAt: 0 });
const differs = (master: string, replica: string, graceMs = 0): Difference => ({
  reason: "string with different content",
  master: value(master),
  replica: value(replica),
  graceMs,
});

/** What is known after looks, one in each millisecond. */
function after(looks: readonly (Difference | undefined)[]): Sighting {
  let seen: Sighting | undefined;
  for (const [now, look] of looks.entries()) {
    seen = sightAgain(seen, look, (a, b) => a.digest === b.digest, now);
  }
  return seen!;
}

describe("a difference", () => {
  const same = Array.from({ length: SAME_LOOKS }, () => differs("3", "2"));

  it("is certain once several looks in a row saw the same of both servers", () => {
    for (let looks = 1; looks <= SAME_LOOKS; looks++) {
      expect(isCertain(after(same.slice(0, looks)), looks, false)).toBe(looks === SAME_LOOKS);
    }
  });

  it.each([
    ["the other server has another value", differs("3", "1")],
    ["the master has another value", differs("4", "2")],
    ["nothing could be told", undefined],
  ])("is looked at from the beginning where %s in between", (_, other) => {
    const looks = [...same.slice(1), other, ...same.slice(1)];
    expect(isCertain(after(looks), looks.length, false)).toBe(false);
    expect(isCertain(after(looks), looks.length, true)).toBe(false);
    expect(isCertain(after([...looks, differs("3", "2")]), looks.length, false)).toBe(true);
  });

  it("counts at the end of the time where no look saw anything else, unless there was a single one", () => {
    expect(isCertain(after(same.slice(0, 2)), 2, true)).toBe(true);
    expect(isCertain(after(same.slice(0, 1)), 1, true)).toBe(false);
  });

  it("of what may expire first on either server has to last", () => {
    const looks = same.map(() => differs("3", "2", 1_000));
    expect(isCertain(after(looks), 999, false)).toBe(false);
    expect(isCertain(after(looks), 1_000, false)).toBe(true);
  });
});

describe("a key that never stands still for a look", () => {
  const isSame = (a: KeyFingerprint, b: KeyFingerprint): boolean => a.digest === b.digest;
  const agreeing = sightAgain(undefined, undefined, isSame, 0, true);
  const later = sightAgain(agreeing, undefined, isSame, AGREES_MS);

  it("is equal once the other server had what the master had for long enough, or to the end", () => {
    expect(isEqual(agreeing, 0, false)).toBe(false);
    expect(isEqual(agreeing, 0, true)).toBe(true);
    expect(isEqual(later, AGREES_MS - 1, false)).toBe(false);
    expect(isEqual(later, AGREES_MS, false)).toBe(true);
    expect(isEqual(after([undefined, undefined]), AGREES_MS, true)).toBe(false);
  });

  it("is not where some look saw a difference: a counter that is one behind agrees now and then", () => {
    const once = sightAgain(agreeing, differs("3", "2"), isSame, 1);
    const twice = sightAgain(once, differs("3", "2"), isSame, 2);
    const again = sightAgain(twice, undefined, isSame, 3, true);
    for (const seen of [once, twice, again]) expect(isEqual(seen, AGREES_MS, true)).toBe(false);
  });
});
