import { describe, expect, test } from "vitest";
import { parseDemoOptions } from "../../scripts/demo/options.ts";
import { isClean, median, summarize, type Movement, type Run } from "../../scripts/demo/summary.ts";
import { pickVersions } from "../../scripts/demo/versions.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";

const redis = (version: string): ServerVersion => ({ product: "redis", version });

const movement = (changes: Partial<Movement> = {}): Movement => ({
  writePauseMs: 5,
  clientGapMs: 60,
  acknowledgedWrites: 1_000,
  lostWrites: 0,
  repeatedWrites: 0,
  clientErrors: 0,
  ...changes,
});

const run = (changes: Partial<Run> = {}): Run => ({
  cutover: movement(),
  rollback: movement(),
  keysCompared: 100,
  keysDifferent: 0,
  ...changes,
});

describe("the last line", () => {
  const versions = { blue: redis("7.0"), green: redis("8.0") };

  test("of one run has the run's figures in the published shape", () => {
    expect(summarize(versions, [run()])).toEqual({
      blue: "7.0",
      green: "8.0",
      cutover: movement(),
      rollback: movement(),
      keysCompared: 100,
      keysDifferent: 0,
    });
  });

  test("of several runs adds counts up and takes the median of times", () => {
    const runs = [4, 90, 6].map((writePauseMs) =>
      run({ cutover: movement({ writePauseMs, lostWrites: 1 }) }),
    );
    const summary = summarize(versions, runs);
    expect(summary).toMatchObject({ runs: 3, keysCompared: 300, rollback: { acknowledgedWrites: 3_000 } });
    expect(summary.cutover).toMatchObject({ writePauseMs: 6, lostWrites: 3 });
  });

  test("is clean only without any fault", () => {
    expect(isClean(run())).toBe(true);
    for (const fault of ["lostWrites", "repeatedWrites", "clientErrors"]) {
      expect(isClean(run({ rollback: movement({ [fault]: 1 }) }))).toBe(false);
    }
    expect(isClean(run({ keysDifferent: 1 }))).toBe(false);
  });

  test.each([
    [[], 0],
    [[7], 7],
    [[9, 1], 5],
    [[9, 1, 2], 2],
  ])("the median of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe("the versions", () => {
  const images = ["6.0", "7.0", "7.2", "8.0"].map(redis);

  test("are the oldest with a lossless way back and the newest that it goes with", () => {
    expect(pickVersions(images, {})).toEqual({ blue: redis("7.0"), green: redis("8.0") });
  });

  test("can be given, one or both", () => {
    expect(pickVersions(images, { blue: redis("7.2") })).toEqual({ blue: redis("7.2"), green: redis("8.0") });
    expect(pickVersions(images, { green: redis("7.2") })).toEqual({
      blue: redis("7.0"),
      green: redis("7.2"),
    });
    expect(pickVersions([], { blue: redis("6.0"), green: redis("8.0") })).toMatchObject({
      blue: redis("6.0"),
    });
  });

  test("that are missing are asked for", () => {
    expect(() => pickVersions([redis("7.0")], {})).toThrow(/found: redis:7.0.*docker pull/);
  });
});

describe("the command line", () => {
  test("has a default for everything", () => {
    expect(parseDemoOptions([])).toEqual({
      runs: 1,
      quiet: false,
      keep: false,
      clean: false,
      keys: 100_000,
      seconds: 10,
    });
  });

  test("reads runs, quiet and versions", () => {
    const options = parseDemoOptions(["--runs", "10", "--json", "--blue", "7.0", "--green", "valkey:8.1"]);
    expect(options).toMatchObject({ runs: 10, quiet: true, blue: redis("7.0") });
    expect(options.green).toEqual({ product: "valkey", version: "8.1" });
  });

  test.each([["--runs", "0"], ["--runs", "two"], ["--blue", "latest"], ["--nonsense"]])(
    "refuses %s %s",
    (...args) => {
      expect(() => parseDemoOptions(args)).toThrow();
    },
  );
});
