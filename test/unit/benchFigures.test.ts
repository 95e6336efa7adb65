import { describe, expect, test } from "vitest";
import { summarizeCases, type BenchResults } from "../../bench/peers/benchResults.ts";
import { edgesOf, longestWaitOf, pausesOf, type SeenLane } from "../../bench/peers/clients/sight.ts";
import { isReached, lastLineOf, silenceVsSentinel } from "../../bench/peers/lastLine.ts";
import { mergeResults } from "../../bench/peers/merge.ts";
import { markdownOf } from "../../bench/peers/markdown.ts";
import { plotOf } from "../../bench/peers/plot.ts";
import type { Round } from "../../bench/peers/round.ts";
import { medianRatio, ratioOf, spreadOf } from "../../bench/peers/statistics.ts";
import type { Operation } from "../../test/support/workload/history.ts";

const round = (changes: Partial<Round>): Round => ({
  gigabytes: 0.1,
  connections: 50,
  load: "load",
  contestant: "cutover",
  round: 1,
  pauseMs: 10,
  silenceMs: 10,
  ownPauseMs: 5,
  longestWaitMs: 20,
  errors: 0,
  lost: 0,
  repeated: 0,
  acknowledged: 100,
  clientStallMs: 1,
  ...changes,
});

const results = (rounds: Round[]): BenchResults => ({
  runs: [{ date: "2026-01-01T00:00:00.000Z", options: "--quick", loadAverage: 0, parts: [] }],
  quick: true,
  machine: { cores: 2, memoryGb: 8, cpu: "some", node: "24", docker: "20", servers: {} },
  rounds,
  noOp: null,
  bridge: null,
  notes: [],
});

describe("figures", () => {
  test("of nothing are null, never a number", () => {
    expect(spreadOf([])).toBeNull();
    expect(spreadOf([null, undefined])).toBeNull();
    expect(ratioOf(null, 3)).toBeNull();
    expect(ratioOf(3, undefined)).toBeNull();
    expect(medianRatio([[1, null]])).toBeNull();
  });

  test("have the mean of the two middle values as their median", () => {
    expect(spreadOf([4, null, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4, count: 4 });
    expect(spreadOf([3, 9, 5])).toEqual({ min: 3, median: 5, max: 9, count: 3 });
  });

  test("have no ratio to a pause that a peer didn't make, since both its servers took writes", () => {
    expect(ratioOf(10, 0)).toBeNull();
    expect(ratioOf(10, -4)).toBeNull();
  });
});

describe("the last line", () => {
  test("of an empty run holds nulls", () => {
    expect(Object.values(lastLineOf(results([])))).toEqual(Array.from({ length: 9 }, () => null));
  });

  test("compares medians case by case, and counts losses of ours only", () => {
    const rounds = [
      ...[10, 30, 20].map((pauseMs) => round({ pauseMs })),
      ...[400, 200].map((pauseMs) => round({ contestant: "failover", pauseMs, lost: 7 })),
      round({ connections: 1, pauseMs: 60 }),
      round({ connections: 1, contestant: "failover", pauseMs: 300 }),
      round({ contestant: "sentinel", pauseMs: 1_000, silenceMs: 5 }),
      round({ gigabytes: 4, pauseMs: 24 }),
    ];
    const line = lastLineOf(results(rounds));
    expect(line.pauseVsFailover).toBeCloseTo((20 / 300 + 60 / 300) / 2);
    expect(line).toMatchObject({
      pauseVsSentinel: 0.02,
      pauseGrowth: 1.2,
      lost: 0,
      repeated: 0,
      previewRatio: null,
    });
    expect(silenceVsSentinel(results(rounds))).toBe(2);
  });

  test("doesn't say what was lost where a round of ours ended without an audit", () => {
    const ended = (unaudited: Round["contestant"]): BenchResults => ({
      ...results([round({})]),
      notes: [{ part: "a", text: `${unaudited}, round 2: abandoned`, unaudited }],
    });
    expect(lastLineOf(ended("cutover"))).toMatchObject({ lost: null, repeated: null });
    expect(lastLineOf(ended("sentinel"))).toMatchObject({ lost: 0, repeated: 0 });
  });

  test("says which targets are reached", () => {
    expect(isReached("lost", 0)).toBe(true);
    expect(isReached("lost", 1)).toBe(false);
    expect(isReached("bridgeVsReplication", 1.2)).toBe(true);
    expect(isReached("bridgeVsReplication", 0.9)).toBe(false);
    expect(isReached("previewRatio", null)).toBeUndefined();
  });
});

describe("what clients saw", () => {
  const [old, next] = [
    { since: 0, connectedAt: 0, closedAt: 0, server: "old" },
    { since: 150, connectedAt: 140, closedAt: 115, server: "new" },
  ];
  const push = (sequence: number, endedAt: number): Operation => ({
    kind: "push",
    sequence,
    invokedAt: endedAt - 1,
    endedAt,
    outcome: "ok",
  });
  const lane = (list: number[], operations: Operation[]): SeenLane => ({
    history: { counter: "c", register: "r", list: "l", operations },
    state: { counter: 0, register: 0, list },
    epochAt: (time) => (time < 150 ? old : next),
  });

  test("is the time between the servers' acknowledgements, and where it went", () => {
    const seen = [lane([1, 2, 3], [push(1, 90), push(2, 110), push(3, 160)])];
    expect(pausesOf([edgesOf(seen, "new", false)])).toEqual({
      pauseMs: 50,
      silenceMs: 50,
      trace: { untilClosed: 5, untilConnected: 25, untilReady: 10, untilAnswered: 10 },
    });
  });

  test("begins at the last write that was not lost, for whom that counts", () => {
    const seen = [lane([1, 3], [push(1, 90), push(2, 110), push(3, 160)])];
    expect(pausesOf([edgesOf(seen, "new", true)])).toMatchObject({ pauseMs: 70, silenceMs: 50 });
  });

  test("is put together from what several processes saw, on one clock", () => {
    const early = edgesOf([lane([1, 2], [push(1, 90), push(2, 160)])], "new", false, 1_000);
    const late = edgesOf([lane([1, 2], [push(1, 130), push(2, 180)])], "new", false, 1_000);
    expect(pausesOf([early, late, {}])).toMatchObject({ pauseMs: 30, trace: { untilReady: 10 } });
  });

  test("is a wait as well, for whoever waited longest since the move began", () => {
    const waiting = { ...push(3, 165), invokedAt: 130 };
    const seen = [lane([1], [{ ...push(1, 110), invokedAt: 10 }]), lane([2, 3], [push(2, 112), waiting])];
    expect(longestWaitOf(seen, 100)).toEqual({
      longestWaitMs: 35,
      waitTrace: { untilClosed: 0, untilConnected: 10, untilReady: 10, untilAnswered: 15 },
    });
  });

  test("is nothing where the new server acknowledged nothing", () => {
    expect(pausesOf([edgesOf([lane([1], [push(1, 90)])], "new", false)])).toEqual({});
  });
});

describe("results of several runs", () => {
  test("are put together, with a case that was measured again from one run only", () => {
    const before = {
      ...results([round({ pauseMs: 1 }), round({ gigabytes: 4, pauseMs: 2 })]),
      notes: [
        { part: "a", text: "old" },
        { part: "b", text: "kept" },
        { part: "everything after this", text: "left out" },
      ],
    };
    const added = { ...results([round({ pauseMs: 3 })]), bridge: spreadOf([0.5]) };
    const runs = added.runs.map((run) => ({ ...run, parts: ["a"] }));
    const merged = mergeResults(before, { ...added, runs });
    expect(merged.rounds.map(({ pauseMs }) => pauseMs)).toEqual([2, 3]);
    expect(merged).toMatchObject({ bridge: { median: 0.5 }, notes: [{ part: "b", text: "kept" }] });
    expect(merged.runs).toHaveLength(2);
  });

  test("let stop and restart join, which is in no ratio", () => {
    const known = [round({ pauseMs: 1 }), round({ contestant: "restart", pauseMs: 2 })];
    const before = { ...results(known), notes: [{ part: "a", text: "failover, round 1: abandoned" }] };
    const added = results([round({ contestant: "restart", pauseMs: 3 })]);
    const merged = mergeResults(before, {
      ...added,
      runs: added.runs.map((run) => ({ ...run, parts: ["a"] })),
    });
    expect(merged.rounds.map(({ pauseMs }) => pauseMs)).toEqual([1, 3]);
    expect(merged.notes).toEqual(before.notes);
    const all = mergeResults(
      before,
      results([round({ pauseMs: 4 }), round({ contestant: "restart", pauseMs: 5 })]),
    );
    expect(all.rounds.map(({ pauseMs }) => pauseMs)).toEqual([4, 5]);
  });

  test("are not put together where they were made on different machines", () => {
    const other = results([]);
    other.machine.cores = 64;
    expect(() => mergeResults(results([]), other)).toThrow("made elsewhere (2 cores");
  });
});

describe("the report", () => {
  const rounds = [round({}), round({ contestant: "sentinel", pauseMs: null, lost: 3 })];

  test("has a line for each contestant in each case, and says what was not measured", () => {
    expect(summarizeCases(rounds).map(({ contestant, total }) => [contestant, total.lost])).toEqual([
      ["cutover", 0],
      ["sentinel", 3],
    ]);
    const text = markdownOf(results(rounds), "quick.svg");
    expect(text).toContain("| 0.1 | 50 | load | SENTINEL FAILOVER | 1 | – |");
    expect(text).toContain("| `previewRatio` | – | ≤ 1.5 | not measured |");
    expect(text).toContain("| 2026-01-01 00:00 | 0.00 | `--quick` |");
  });

  test("has a picture, with every bar within it", () => {
    const svg = plotOf(results([...rounds, round({ contestant: "restart", pauseMs: 1e7 })]));
    const ends = [...svg.matchAll(/<rect x="(\d+)" y="\d+" width="(\d+)"/g)].map(
      ([, x, w]) => Number(x) + Number(w),
    );
    const width = Number(/<svg[^>]* width="(\d+)"/.exec(svg)?.[1]);
    expect(Math.max(...ends)).toBeLessThan(width);
  });
});
