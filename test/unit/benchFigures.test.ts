import { describe, expect, test } from "vitest";
import { summarizeCases, type BenchResults } from "../../bench/peers/benchResults.ts";
import { pausesOf, type SeenLane } from "../../bench/peers/clients/sight.ts";
import { isReached, lastLineOf, survivingPauseVsSentinel } from "../../bench/peers/lastLine.ts";
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
  survivingPauseMs: 10,
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
  date: "2026-01-01T00:00:00.000Z",
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
      round({ contestant: "sentinel", pauseMs: 5, survivingPauseMs: 1_000 }),
      round({ gigabytes: 4, pauseMs: 24 }),
    ];
    const line = lastLineOf(results(rounds));
    expect(line.pauseVsFailover).toBeCloseTo((20 / 300 + 60 / 300) / 2);
    expect(line).toMatchObject({
      pauseVsSentinel: 4,
      pauseGrowth: 1.2,
      lost: 0,
      repeated: 0,
      previewRatio: null,
    });
    expect(survivingPauseVsSentinel(results(rounds))).toBe(0.01);
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
    expect(pausesOf(seen, "new", false)).toEqual({
      pauseMs: 50,
      survivingPauseMs: 50,
      trace: { untilClosed: 5, untilConnected: 25, untilReady: 10, untilWritten: 10 },
    });
  });

  test("begins at the last write that was not lost, for whom that counts", () => {
    const seen = [lane([1, 3], [push(1, 90), push(2, 110), push(3, 160)])];
    expect(pausesOf(seen, "new", true)).toMatchObject({ pauseMs: 50, survivingPauseMs: 70 });
  });

  test("is nothing where the new server acknowledged nothing", () => {
    expect(pausesOf([lane([1], [push(1, 90)])], "new", false)).toEqual({});
  });
});

describe("the report", () => {
  const rounds = [round({}), round({ contestant: "sentinel", pauseMs: null, lost: 3 })];

  test("has a line for each contestant in each case, and says what was not measured", () => {
    expect(summarizeCases(rounds).map(({ contestant, lost }) => [contestant, lost])).toEqual([
      ["cutover", 0],
      ["sentinel", 3],
    ]);
    const text = markdownOf(results(rounds), "quick.svg");
    expect(text).toContain("| 0.1 | 50 | load | SENTINEL FAILOVER | 1 | – |");
    expect(text).toContain("| `previewRatio` | – | ≤ 1.5 | not measured |");
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
