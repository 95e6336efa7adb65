import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { mayCostWayBack, reasonToAsk } from "../../scripts/chaos/accepted.ts";
import { isClean, summarize, type CaseResult } from "../../scripts/chaos/caseResult.ts";
import { nameOf, parseCases } from "../../scripts/chaos/cases.ts";
import type { Call, KeyHistory } from "../../scripts/chaos/checker/history.ts";
import { USUAL } from "../../scripts/chaos/grounds.ts";
import { judge, type Facts } from "../../scripts/chaos/judge.ts";
import { changesOf, type SeededKey } from "../../scripts/chaos/seededKeys.ts";

const call = (changes: Partial<Call> = {}): Call => ({
  key: "counter",
  kind: "increment",
  value: 0,
  invokedAt: 1,
  endedAt: 2,
  outcome: "ok",
  reply: 1,
  ...changes,
});

const history = (calls: Call[], changes: Partial<KeyHistory> = {}): KeyHistory => ({
  key: "counter",
  type: "counter",
  calls,
  final: { type: "counter", number: 1 },
  ...changes,
});

/** Of a case in which nothing bad happened. */
const facts = (changes: Partial<Facts> = {}): Facts => ({
  versions: USUAL,
  seed: 7,
  to: "green",
  faulted: { code: 0, output: "" },
  servesAfter: "green",
  convergence: {
    ups: 1,
    converged: true,
    isLinkable: true,
    wayBack: "lossless (native): both understand it",
    live: "green",
    complaints: [],
    needsOperator: false,
  },
  hadWayBack: true,
  unserved: [],
  evidence: {
    histories: [history([call()])],
    violations: [],
    writers: 1,
    looks: 4_000,
    unwatchedMs: 12.3,
  },
  different: [],
  changed: [],
  state: [],
  ...changes,
});

function judged(name: string, changes: Partial<Facts> = {}): CaseResult {
  const [one] = parseCases(name);
  return judge(one!, facts(changes));
}

const evidence = (changes: Partial<Facts["evidence"]>): Partial<Facts> => ({
  evidence: { ...facts().evidence, ...changes },
});
const convergence = (changes: Partial<Facts["convergence"]>): Partial<Facts> => ({
  convergence: { ...facts().convergence, ...changes },
});

const RESENDS = "fence:driver-stopped:cutover";
const SENDS_ONCE = "fence:proxy-killed:cutover";

describe("a case is judged", () => {
  test("clean where nothing bad happened, with what it takes to run it again", () => {
    const result = judged(RESENDS);
    expect(isClean(result)).toBe(true);
    expect(result).toMatchObject({ versions: USUAL, seed: 7, unwatchedMs: 12, findings: [] });
  });

  test("stuck where one client of many is not served", () => {
    const result = judged(RESENDS, { unserved: ["not served: callers 7, 8 of 8"] });
    expect(result).toMatchObject({ stuck: true, findings: ["not served: callers 7, 8 of 8"] });
  });

  test("stuck where a call that is sent again has no answer in the end", () => {
    const waiting = history([call(), call({ outcome: "unknown", endedAt: Infinity })]);
    expect(judged(RESENDS, evidence({ histories: [waiting] })).stuck).toBe(true);
    expect(judged(SENDS_ONCE, evidence({ histories: [waiting] })).stuck).toBe(false);
  });

  test.each([
    [RESENDS, "8.0", "NOREPLICAS Not enough good replicas", false],
    [RESENDS, "6.0", "NOREPLICAS Not enough good replicas", true],
    [RESENDS, "6.0", "READONLY You can't write", false],
    ["fence:bridge-killed:cutover", "7.0", "NOREPLICAS Not enough good replicas", true],
    [SENDS_ONCE, "7.0", "MISCONF", true],
  ])("%s from %s: a client may be answered %s: %s", (name, blue, error, isAccepted) => {
    const refused = history([call(), call({ outcome: "fail", error })]);
    const versions = { blue, green: "8.0" };
    expect(judged(name, { ...evidence({ histories: [refused] }), versions }).converged).toBe(isAccepted);
  });

  test("stuck where what is there in the end could not be read", () => {
    const unread = history([call()], { final: undefined });
    const result = judged(SENDS_ONCE, evidence({ histories: [unread] }));
    expect(result).toMatchObject({ stuck: true, findings: ["not read in the end: counter"] });
  });

  test("lost where keys changed that nobody touched, even if both colours have them alike", () => {
    expect(judged(SENDS_ONCE, { changed: ["seed:3 is missing", "seed:4 is missing"] }).lost).toBe(2);
  });

  test("not converged where it was hardly watched", () => {
    const result = judged(SENDS_ONCE, evidence({ looks: 20 }));
    expect([isClean(result), summarize([result]).notConverged]).toEqual([false, 1]);
  });

  test.each([
    ["catch-up:old-killed:rollback", true],
    ["promote:driver-old-apart:rollback", true],
    ["promote:driver-old-apart:cutover", false],
    ["switch:new-killed:cutover", false],
    ["hold:driver-killed:rollback", false],
    ["verify:new-disk-full:rollback", false],
  ])("%s: the operator may be asked: %s", (name, isAccepted) => {
    const asked = convergence({ needsOperator: true, isLinkable: false, wayBack: "backup only: it is" });
    expect(judged(name, asked)).toMatchObject({ outcome: "needs operator", converged: isAccepted });
  });

  test.each([
    [RESENDS, false],
    ["hold:proxy-new-apart:rollback", false],
    ["hold:bridge-killed:rollback", false],
    ["catch-up:new-killed:cutover", true],
    ["promote:old-unwritable:rollback", true],
  ])("%s: the way back may be lost: %s", (name, isAccepted) => {
    const lost = convergence({ isLinkable: false, wayBack: "backup only: green took commands" });
    expect(judged(name, lost).converged).toBe(isAccepted);
    // Where it never was there.
    expect(judged(name, { ...lost, hadWayBack: false }).converged).toBe(true);
  });
});

test("every case on record is clean, and those that asked the operator are of a kind that may", () => {
  const file = new URL("../../bench/results/fault-matrix.jsonl", import.meta.url);
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const results = lines.map((line) => JSON.parse(line) as CaseResult);
  const asked = results.filter(({ outcome }) => outcome === "needs operator");
  expect(asked.length).toBe(34);
  expect(asked.filter((result) => reasonToAsk(result.case) === undefined).map((r) => nameOf(r.case))).toEqual(
    [],
  );
  expect(results.filter((result) => !isClean(result)).map((r) => nameOf(r.case))).toEqual([]);
  expect(asked.filter(({ case: { fault } }) => !mayCostWayBack(fault)).length).toBe(1);
});

test("seeded keys must stay as they are until their time comes", () => {
  const key = (content: string, expiresAt?: number): SeededKey => ({
    content,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const now = 1_000_000_000_000;
  const before = new Map([
    ["same", key("a", now + 3_600_000)],
    ["gone", key("a")],
    ["other", key("a")],
    ["expires otherwise", key("a", now + 3_600_000)],
    ["stays", key("a", now + 3_600_000)],
    ["expired", key("a", now - 1)],
  ]);
  const after = new Map([
    ["same", key("a", now + 3_600_010)],
    ["other", key("b")],
    ["expires otherwise", key("a", now + 7_200_000)],
    ["stays", key("a")],
  ]);
  const changed = changesOf(before, after, now).map((text) => text.replace(/ (is|holds|expires at) .*/, ""));
  expect(changed).toEqual(["gone", "other", "expires otherwise", "stays"]);
});
