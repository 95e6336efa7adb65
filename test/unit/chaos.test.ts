import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PHASES } from "../../components/engine/cutover/phases.ts";
import { isClean, summarize, type CaseResult } from "../../scripts/chaos/caseResult.ts";
import { nameOf, parseCases, quickMatrix, randomCases, wholeMatrix } from "../../scripts/chaos/cases.ts";
import { sentenceOf } from "../../scripts/chaos/converge.ts";
import { FAULT_NAMES } from "../../scripts/chaos/faultName.ts";
import { USUAL } from "../../scripts/chaos/grounds.ts";
import { parseChaosOptions } from "../../scripts/chaos/options.ts";
import { CaseRecord } from "../../scripts/chaos/record.ts";
import { progressLine, table } from "../../scripts/chaos/table.ts";

const result = (changes: Partial<CaseResult> = {}): CaseResult => ({
  case: { phase: "catch up", fault: "new-killed", direction: "cutover" },
  outcome: "rolled back",
  ups: 1,
  unavailableMs: 1_234.5,
  writes: 4_000,
  failedCalls: 3,
  lost: 0,
  repeated: 0,
  writers: 1,
  looks: 5_000,
  stuck: false,
  converged: true,
  findings: [],
  ...changes,
});

describe("the cases", () => {
  test("are every phase, fault and direction", () => {
    const names = wholeMatrix().map(nameOf);
    expect(new Set(names).size).toBe(PHASES.length * FAULT_NAMES.length * 2);
  });

  test("of the quick matrix meet every kind of fault", () => {
    const faults = quickMatrix().map(({ fault }) => fault);
    expect(faults.length).toBeLessThanOrEqual(23);
    // Of what comes in kinds - ahead and behind, old and new - one is enough.
    expect(FAULT_NAMES.length - new Set(faults).size).toBeLessThanOrEqual(13);
  });

  test("can be written and read", () => {
    const name = "rollback-link:old-frozen:rollback:1500";
    const read = parseCases(name);
    expect(read).toEqual([
      { phase: "rollback link", fault: "old-frozen", direction: "rollback", lastsMs: 1_500 },
    ]);
    expect(read.map(nameOf)).toEqual([name]);
    expect(parseCases("switch:*:cutover").length).toBe(FAULT_NAMES.length);
  });

  test.each(["nowhere:old-killed:cutover", "hold:old-bored:cutover", "hold:old-killed:up", "hold:*:*:soon"])(
    "refuse %s",
    (name) => {
      expect(() => parseCases(name)).toThrow();
    },
  );

  test("by chance are the same for the same seed", () => {
    const some = (seed: number): string[] => {
      const cases = randomCases(seed);
      return Array.from({ length: 50 }, () => nameOf(cases.next().value));
    };
    expect(some(7)).toEqual(some(7));
    expect(some(7)).not.toEqual(some(8));
    expect(some(7).flatMap(parseCases).map(nameOf)).toEqual(some(7));
  });
});

describe("the command line", () => {
  const parse = (...args: string[]) => parseChaosOptions(args, () => 42);

  test("has a default for everything", () => {
    expect(parse()).toMatchObject({
      minutes: Infinity,
      versions: { blue: "7.0", green: "8.0" },
      keep: false,
    });
    expect(parse().cases?.length).toBe(wholeMatrix().length);
  });

  test("chooses the cases", () => {
    expect(parse("--quick").cases).toEqual(quickMatrix());
    expect(parse("--only", "hold:old-killed:*").cases?.length).toBe(2);
    expect(parse("--quick", "--minutes", "5")).toMatchObject({ cases: quickMatrix(), minutes: 5 });
    expect(parse("--record", "some.jsonl", "--minutes", "5").cases?.length).toBe(wholeMatrix().length);
    expect(parse("--minutes", "5")).toMatchObject({ cases: undefined, seed: 42, minutes: 5 });
    expect(parse("--seed", "3", "--minutes", "5")).toMatchObject({ cases: undefined, seed: 3 });
    const again = parse("--only", "hold:old-killed:cutover:300", "--seed", "3");
    expect(again).toMatchObject({ cases: parseCases("hold:old-killed:cutover:300"), seed: 3 });
  });

  test.each([
    ["--quick", "--only", "*"],
    ["--quick", "--seed", "3"],
    ["--seed", "3"],
    ["--minutes", "some"],
    ["--nonsense"],
  ])("refuses %s %s", (...args) => {
    expect(() => parse(...args)).toThrow();
  });
});

describe("the record of results", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "redis-bluegreen-chaos-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("lets a later run go on: what passed is left out, what failed counts by its last result", async () => {
    const file = join(folder, "results.jsonl");
    const first = new CaseRecord(file, USUAL);
    const [passed, failed] = [result(), result({ case: { ...result().case, phase: "hold" }, lost: 1 })];
    await first.add(passed);
    await first.add(failed);
    const second = new CaseRecord(file, USUAL);
    expect(second.hasPassed(passed.case)).toBe(true);
    expect(second.hasPassed(failed.case)).toBe(false);
    await second.add({ ...failed, lost: 0 });
    expect(new CaseRecord(file, USUAL).results).toEqual([passed, { ...failed, lost: 0 }]);
  });

  test("counts what ran with the same versions only, and tells what is from earlier runs", async () => {
    const file = join(folder, "versions.jsonl");
    const old = { blue: "6.0", green: "8.0" };
    // Lines from before versions were noted are of the usual ones.
    await new CaseRecord(file, USUAL).add(result());
    const other = new CaseRecord(file, old);
    expect([other.hasPassed(result().case), other.results.length]).toEqual([false, 0]);
    await other.add(result({ versions: old }));
    expect([other.hasPassed(result().case), other.earlier]).toEqual([true, 0]);
    expect(new CaseRecord(file, old)).toMatchObject({ earlier: 1, results: [{ versions: old }] });
    expect(new CaseRecord(file, USUAL)).toMatchObject({ earlier: 1, results: [result()] });
  });

  test("is of this run only without a file, where a case by chance may come twice", async () => {
    const record = new CaseRecord(undefined, USUAL);
    await record.add(result());
    await record.add(result({ lost: 1 }));
    expect(record.hasPassed(result().case)).toBe(false);
    expect(record.results.length).toBe(2);
  });
});

describe("what is shown", () => {
  test("the last line adds up, and any fault makes the run red", () => {
    const bad: Partial<CaseResult>[] = [
      { lost: 2 },
      { repeated: 1 },
      { writers: 2 },
      { stuck: true },
      { converged: false },
      { looks: 20 },
    ];
    expect(summarize([result(), ...bad.map(result)])).toEqual({
      cases: 7,
      lost: 2,
      repeated: 1,
      twoWriters: 1,
      stuck: 1,
      notConverged: 2,
    });
    expect([result(), ...bad.map(result)].map(isClean)).toEqual([true, ...bad.map(() => false)]);
  });

  test("one line per case", () => {
    expect(
      progressLine(result({ converged: false, wayBack: "lossless (native): both understand it" }), 3, 9.6),
    ).toBe(
      "3 catch-up:new-killed:cutover: rolled back, 1 up, unavailable 1235 ms, 4000 writes, 3 errors, 0 lost, 0 repeated, 1 writers, way back lossless (native), 10 s NOT CONVERGED",
    );
  });

  test("the table has the sentence of who needs the operator, once", () => {
    const sentence = "Leave live: green";
    const operator = result({ outcome: "needs operator", sentence });
    const lines = table([operator, result({ sentence }), operator]).split("\n");
    expect(lines.filter((line) => line.includes("needs operator [1]")).length).toBe(2);
    expect(lines.filter((line) => line.includes(sentence))).toEqual([`[1] ${sentence}`]);
  });

  test("a sentence is what the update said, not Pulumi's frame around it", () => {
    const output = `
     error: cutover to green abandoned: green was gone. State: blue serves as before.
    error: update failed
Resources:
    14 unchanged`;
    expect(sentenceOf(output)).toBe(
      "cutover to green abandoned: green was gone. State: blue serves as before.",
    );
  });

  test("of several sentences it is the one that says what to do", () => {
    const output = `
    error: pulumi-nodejs:dynamic/redis:TrafficSwitch resource 'redis' has a problem: role of standby: green follows nobody. Run pulumi up with live: blue, so that it follows again
    error: pulumi-nodejs:dynamic/redis:TrafficSwitch resource 'redis' has a problem: link: none. See role of standby
    error: preview failed`;
    expect(sentenceOf(output)).toBe(
      "role of standby: green follows nobody. Run pulumi up with live: blue, so that it follows again",
    );
  });
});
