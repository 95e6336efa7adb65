import { describe, expect, it } from "vitest";
import {
  affordableBacklog,
  memoryBounds,
  planBacklog,
  shortBacklogSeconds,
  wantedBacklog,
} from "../../components/engine/backlogSize.ts";
import { describeBacklog } from "../../components/engine/cutover/backlog.ts";

const MIB = 1024 * 1024;

describe("a new colour's backlog", () => {
  it("is for ten minutes of writes, between 16 and 512 MiB", () => {
    expect([0, 100_000, 10_000_000].map(wantedBacklog)).toEqual([16 * MIB, 60_000_000, 512 * MIB]);
  });

  it("takes a quarter of what is free under the closest bound", () => {
    const container = { limit: 512 * MIB, used: 152 * MIB };
    expect(affordableBacklog(512 * MIB, [container])).toBe(90 * MIB);
    expect(affordableBacklog(512 * MIB, [container, { limit: 256 * MIB, used: 156 * MIB }])).toBe(25 * MIB);
    expect(affordableBacklog(60 * MIB, [container])).toBe(60 * MIB);
    expect(affordableBacklog(512 * MIB, [])).toBe(512 * MIB);
  });

  it("is 16 MiB on a full server, and less on a small one", () => {
    expect(affordableBacklog(512 * MIB, [{ limit: 400 * MIB, used: 401 * MIB }])).toBe(16 * MIB);
    expect(affordableBacklog(512 * MIB, [{ limit: 20 * MIB, used: 20 * MIB }])).toBe(5 * MIB);
  });

  it("leaves half of what is free of a process, which is ended beyond its limit, whereas a full one only refuses or evicts", () => {
    const bound = { limit: 64 * MIB, used: 50 * MIB };
    expect(affordableBacklog(512 * MIB, [bound])).toBe(16 * MIB);
    expect(affordableBacklog(512 * MIB, [{ ...bound, endsProcess: true }])).toBe(7 * MIB);
    expect(affordableBacklog(512 * MIB, [{ limit: 64 * MIB, used: 70 * MIB, endsProcess: true }])).toBe(0);
    const info = new Map(
      Object.entries({
        used_memory: String(50 * MIB),
        total_system_memory: String(900 * MIB),
        maxmemory: "0",
      }),
    );
    expect(planBacklog(MIB, MIB, memoryBounds(info, {}, 64 * MIB))).toEqual({
      sizeBytes: 7 * MIB,
      bytesPerSecond: MIB,
      onlySeconds: 7,
    });
    expect(planBacklog(MIB, MIB, memoryBounds(info, {})).sizeBytes, "without a limit").toBe(212.5 * MIB);
  });

  it("is short only where it covers less than ten minutes for want of memory", () => {
    expect(shortBacklogSeconds(25 * MIB, MIB)).toBe(25);
    expect(shortBacklogSeconds(5 * MIB, 100), "for hours").toBeUndefined();
    expect(shortBacklogSeconds(512 * MIB, 2 * MIB), "the most there is").toBeUndefined();
  });

  it("that is smaller than wanted is told with what that means", () => {
    const size = { sizeBytes: 25 * MIB, bytesPerSecond: 1_000_000 };
    expect(describeBacklog(size, "green")).toBe("backlog of green 26214400 bytes for 1000000 bytes/s");
    expect(describeBacklog({ ...size, onlySeconds: 26 }, "green")).toBe(
      "backlog of green 26214400 bytes for 1000000 bytes/s, 26 s of them instead of 600, as green has no memory for more: a rollback link that is cut for longer needs a full copy",
    );
  });
});
