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
    const slow = { latencies: Array<number>(20).fill(900) };
    expect(names(judged({ maxP99Ms: 500 }, slow, slow))).toEqual([]);
    expect(names(judged({ maxP95Ms: 500, maxP50Ms: 1_000 }, slow, slow, slow))).toEqual(["maxP95Ms"]);
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

  const pings = (...slow: number[]) => ({ latencies: [...slow, ...Array<number>(20 - slow.length).fill(1)] });

  it("forgive one slow PING", () => {
    const fast = pings();
    for (let looks = 3; looks <= 15; looks++) {
      expect(judged({}, pings(600), ...Array<typeof fast>(looks - 1).fill(fast)), `${looks} looks`).toEqual(
        [],
      );
    }
  });

  it("catch a server that is slow now and then, or most of the time", () => {
    const often = pings(600);
    expect(names(judged({}, ...Array<typeof often>(7).fill(often)))).toEqual(["maxP99Ms"]);
    const mostly = pings(...Array<number>(15).fill(600));
    expect(names(judged({}, mostly, mostly, mostly))).toEqual(["maxP50Ms", "maxP95Ms"]);
  });

  it("of latency are told where there were too few looks for them", () => {
    const judge = new BakeJudge(DEFAULT_BAKE);
    for (let at = 0; at < 4_000; at += 1_000) judge.judge({ ...QUIET, ...pings(), at });
    expect(judge.unjudged()).toEqual(["maxP99Ms"]);
    judge.judge({ ...QUIET, ...pings(), at: 4_000 });
    expect(judge.unjudged()).toEqual([]);
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
    const breached = judged({}, QUIET, down, down, down);
    expect(breached.map(describeFigure)).toEqual([
      "lag of the old colour in bytes unknown, its link is down, maxLagBytes 67108864",
    ]);
    const alone = { lagBytes: undefined } as unknown as Partial<BakeSample>;
    expect(judged({}, alone, alone, alone)).toEqual([]);
  });

  it("wait for a link that was not up yet, and know that", () => {
    const judge = new BakeJudge(DEFAULT_BAKE);
    const look = (lagBytes: number, at: number): string[] => names(judge.judge({ ...QUIET, lagBytes, at }));
    expect([0, 1_000, 2_000, 3_000].flatMap((at) => look(Infinity, at))).toEqual([]);
    expect(judge.awaitsLink).toBe(true);
    expect(look(10, 4_000)).toEqual([]);
    expect(judge.awaitsLink).toBe(false);
    expect([5_000, 6_000].flatMap((at) => look(Infinity, at))).toEqual([]);
    expect(look(Infinity, 7_000)).toEqual(["maxLagBytes"]);
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
