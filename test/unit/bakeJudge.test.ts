import { describe, expect, it } from "vitest";
import { BakeJudge, describeFigure, type BakeFigure } from "../../components/engine/bake/bakeJudge.ts";
import type { BakeSample } from "../../components/engine/bake/bakeSample.ts";
import { DEFAULT_BAKE, type BakeSettings } from "../../components/engine/bake/bakeSettings.ts";

const QUIET: BakeSample = {
  at: 0,
  run: "run",
  errorReplies: 5,
  rejectedConnections: 0,
  hits: 0,
  misses: 0,
  usedMemory: 50,
  maxMemory: 100,
  evicts: false,
  lagBytes: 0,
  latencies: [1, 1, 1],
};

/** What the judge says after looks a second apart, each a change of the one before. */
function judged(settings: Partial<BakeSettings>, ...changes: Partial<BakeSample>[]): BakeFigure[] {
  const judge = new BakeJudge({ ...DEFAULT_BAKE, ...settings });
  let sample = QUIET;
  let breached: BakeFigure[] = [];
  changes.forEach((change, i) => {
    sample = { ...sample, ...change, at: i * 1_000 };
    breached = judge.judge(sample);
  });
  return breached;
}

const names = (figures: BakeFigure[]): string[] => figures.map(({ limit }) => limit);

describe("a bake's limits", () => {
  it("are kept by a quiet server", () => {
    expect(judged({}, {}, {}, {}, {})).toEqual([]);
  });

  it("are passed by three looks in a row, not by two or by every other one", () => {
    const slow = { latencies: [900, 900, 900] };
    expect(names(judged({ maxP99Ms: 500 }, slow, slow))).toEqual([]);
    expect(names(judged({ maxP99Ms: 500, maxP50Ms: 1_000, maxP95Ms: 1_000 }, slow, slow, slow))).toEqual([
      "maxP99Ms",
    ]);
    const full = { usedMemory: 100 };
    const limits = { maxMemoryPercent: 90 };
    expect(names(judged(limits, full, full, QUIET, full, full))).toEqual([]);
    expect(names(judged(limits, full, full, full))).toEqual(["maxMemoryPercent"]);
  });

  it("take a full cache for what it is, unless it was to keep room", () => {
    const full = { usedMemory: 100.1 };
    expect(names(judged({}, full, full, full))).toEqual(["maxMemoryPercent"]);
    const cache = { ...full, evicts: true };
    expect(judged({}, cache, cache, cache)).toEqual([]);
    expect(names(judged({ maxMemoryPercent: 95 }, cache, cache, cache))).toEqual(["maxMemoryPercent"]);
  });

  it("count errors and rejected connections by the second, from the second look on", () => {
    const looks = [0, 11, 22, 33].map((more) => ({ errorReplies: 5 + more, rejectedConnections: more }));
    const [breached] = [judged({}, ...looks)];
    expect(names(breached).sort()).toEqual(["maxErrorRepliesPerSecond", "maxRejectedConnectionsPerSecond"]);
    expect(breached.map(({ value }) => value)).toEqual([11, 11]);
    const uncounted = looks.map(() => ({ errorReplies: undefined }) as unknown as Partial<BakeSample>);
    expect(judged({}, ...uncounted)).toEqual([]);
  });

  it("judge a hit rate by enough lookups since the bake began", () => {
    const few = [0, 1, 2, 3].map((i) => ({ misses: i * 300 }));
    expect(judged({ minHitPercent: 50 }, ...few)).toEqual([]);
    const many = [0, 1, 2, 3].map((i) => ({ misses: i * 1_000, hits: 10_000 + i * 500 }));
    expect(names(judged({ minHitPercent: 50 }, ...many))).toEqual(["minHitPercent"]);
    expect(judged({ minHitPercent: 30 }, ...many)).toEqual([]);
  });

  it("take a link that is down for too far behind, and say so", () => {
    const down = { lagBytes: Infinity };
    const breached = judged({}, down, down, down);
    expect(breached.map(describeFigure)).toEqual([
      "lag of the old colour in bytes unknown, its link is down, maxLagBytes 67108864",
    ]);
    const alone = { lagBytes: undefined } as unknown as Partial<BakeSample>;
    expect(judged({}, alone, alone, alone)).toEqual([]);
  });

  it("judge the server's command times where enough commands ran, and none where it counts none", () => {
    const times = (slow: number) => ({
      commandTimes: new Map([
        [1, 1_000],
        [528_383, slow],
      ]),
    });
    const slowOnes = [0, 50, 100, 150, 200].map(times);
    expect(names(judged({}, ...slowOnes)).sort()).toEqual([
      "maxCommandP50Ms",
      "maxCommandP95Ms",
      "maxCommandP99Ms",
    ]);
    expect(judged({}, ...[0, 20, 40, 60, 80].map(times))).toEqual([]);
  });

  it("are told over all looks in the end", () => {
    const judge = new BakeJudge(DEFAULT_BAKE);
    [10, 90, 20].forEach((usedMemory, i) => judge.judge({ ...QUIET, usedMemory, at: i * 1_000 }));
    expect(judge.summary().find(({ limit }) => limit === "maxMemoryPercent")).toEqual({
      limit: "maxMemoryPercent",
      name: "used memory in % of maxmemory",
      allowed: 100,
      median: 20,
      worst: 90,
    });
    expect(judge.summary().find(({ limit }) => limit === "minHitPercent")).toMatchObject({ worst: 100 });
  });
});
