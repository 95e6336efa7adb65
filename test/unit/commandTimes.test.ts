import { describe, expect, it } from "vitest";
import {
  callsBetween,
  commandTimesIn,
  percentileBetween,
} from "../../components/engine/bake/commandTimes.ts";

/** A command's part of the reply, as Redis 8.0.2 gives it. */
const counted = (name: string, ...buckets: number[]): unknown[] => [
  name,
  ["calls", buckets.at(-1), "histogram_usec", buckets],
];

describe("the server's own command times", () => {
  it("are added up over commands, each bucket by itself", () => {
    const reply = [...counted("set", 1, 10, 4, 12), ...counted("config|get", 4, 3, 66, 5)];
    expect([...commandTimesIn(reply)]).toEqual([
      [1, 10],
      [4, 5],
      [66, 2],
    ]);
  });

  it("leave out commands that wait for data", () => {
    const names = ["blpop", "BRPOPLPUSH", "bzmpop", "xread", "xreadgroup", "wait", "waitaof", "psync"];
    expect([...commandTimesIn(names.flatMap((name) => counted(name, 1_000_000, 1)))]).toEqual([]);
    expect([...commandTimesIn(counted("bitcount", 2, 1))]).toEqual([[2, 1]]);
  });

  it("give percentiles of what ran between two looks", () => {
    const before = commandTimesIn(counted("get", 1, 1_000));
    const after = commandTimesIn(counted("get", 1, 1_090, 1_056, 1_099, 8_454, 1_100));
    expect(callsBetween(before, after)).toBe(100);
    expect([50, 95, 99, 100].map((percent) => percentileBetween(before, after, percent))).toEqual([
      0.001, 1.056, 1.056, 8.454,
    ]);
    expect(percentileBetween(after, after, 99)).toBe(0);
  });

  it("are none where the reply is none", () => {
    expect([...commandTimesIn(null)]).toEqual([]);
    expect(callsBetween(commandTimesIn([]), commandTimesIn([]))).toBe(0);
  });
});
