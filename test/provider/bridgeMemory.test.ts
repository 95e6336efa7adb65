import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../components/engine/until.ts";
import { BridgeProcess } from "../support/bridgeProcess.ts";
import { compare, feed, openScene, type BridgeScene, type Command } from "./bridgeScene.ts";

/** More than the bridge may hold beside what it has at rest: batches on their way, and what the socket gave. */
const ROOM = 80 * 1024 * 1024;

const HASHES = `for k = 1, ARGV[1] do for f = 1, ARGV[2] do
  redis.call('HSET', 'hash:' .. k, 'field:' .. f, f .. string.rep('v', ARGV[3])) end end`;
const STREAM = `for i = 1, ARGV[1] do
  redis.call('XADD', 'stream', i .. '-1', 'field', 'value:' .. i, 'other', string.rep('v', 20)) end`;
const LEADERBOARD = `for i = 1, ARGV[1] do redis.call('ZADD', 'leaderboard', i, 'member:' .. i) end`;

describe("a bridge that copies", () => {
  let scene: BridgeScene;

  beforeEach(async () => {
    scene = await openScene("redis:7.0", "redis:6.0");
    await feed(scene.target, "redis:6.0");
  });

  afterEach(async () => {
    await scene.stop();
  });

  /** The most that it took beside what it had at rest, while it copied everything and somebody wrote. */
  async function roomFor(write: (tick: number) => Command): Promise<number> {
    const bridge = new BridgeProcess(scene);
    let [rest, most, tick] = [0, 0, 0];
    try {
      await until(
        async () => {
          const { state, staleKeys, residentBytes, position } = await bridge.health();
          rest = rest === 0 ? residentBytes : rest;
          most = Math.max(most, residentBytes);
          const [name, ...args] = write(++tick);
          await scene.source.admin.call(String(name), ...args);
          const isDone = state === "applying" && position?.copying === false && staleKeys === 0;
          return isDone ? true : undefined;
        },
        { timeoutMs: 200_000, intervalMs: 5, what: "everything is copied" },
      );
      await until(async () => ((await bridge.health()).lagBytes === 0 ? true : undefined), {
        timeoutMs: 60_000,
        intervalMs: 5,
        what: "it catches up",
      });
    } finally {
      await bridge.kill("SIGKILL");
    }
    return most - rest;
  }

  it.each<[string, Command]>([
    ["hashes of large values", ["EVAL", HASHES, 0, 200, 100, 10_240]],
    ["a hash of few, large values", ["EVAL", HASHES, 0, 1, 2_000, 102_400]],
    ["a stream", ["EVAL", STREAM, 0, 500_000]],
  ])("holds no more than it sends of %s", async (_, [name, ...args]) => {
    await scene.source.admin.call(String(name), ...args);
    expect(await roomFor((tick) => ["SET", "tick", tick])).toBeLessThan(ROOM);
    expect((await compare(scene)).samples).toEqual([]);
  });

  it("holds no more than it sends of a large key that is written to all the time", async () => {
    const { admin } = scene.source;
    await admin.call("EVAL", LEADERBOARD, 0, 500_000);
    const room = await roomFor((tick) => ["ZADD", "leaderboard", -tick, `member:${tick}`]);
    expect(room).toBeLessThan(ROOM);
    expect((await compare(scene)).samples).toEqual([]);
  });
});
