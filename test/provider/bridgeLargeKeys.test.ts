import { afterEach, describe, expect, it } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import {
  caughtUp,
  compare,
  feedGreen,
  keepBacklog,
  openScene,
  startBridge,
  type BridgeScene,
} from "./bridgeScene.ts";

const ELEMENTS = 7_000;

/** A large key of each type. Entries that a group of the stream waits for were deleted, or trimmed away. */
const FILL = `
  for i = 1, ARGV[1] do
    redis.call('RPUSH', 'list', 'item:' .. i)
    redis.call('SADD', 'set', 'member:' .. i)
    redis.call('ZADD', 'zset', i / 3, 'member:' .. i)
    redis.call('HSET', 'hash', 'field:' .. i, 'value:' .. i)
    redis.call('XADD', 'stream', '5-' .. i, 'field', 'value:' .. i)
  end
  redis.call('SET', 'string', string.rep('0123456789', 600000))
  redis.call('HSET', 'hash of large values', 'a', string.rep('v', 1500000), 'b', string.rep('w', 1500000), 'c', 'x')
  for _, key in ipairs({'list', 'string', 'stream'}) do redis.call('PEXPIREAT', key, ARGV[2]) end
  redis.call('XGROUP', 'CREATE', 'stream', 'readers', '0')
  redis.call('XGROUP', 'CREATE', 'stream', 'late readers', '$')
  redis.call('XGROUP', 'CREATE', 'empty stream', 'readers', '$', 'MKSTREAM')
  redis.call('XREADGROUP', 'GROUP', 'readers', 'first', 'COUNT', 5000, 'STREAMS', 'stream', '>')
  redis.call('XREADGROUP', 'GROUP', 'readers', 'second', 'COUNT', 100, 'STREAMS', 'stream', '>')
  for i = 600, 900 do redis.call('XACK', 'stream', 'readers', '5-' .. i) end
  for i = 2000, 4100, 100 do redis.call('XDEL', 'stream', '5-' .. i) end
  redis.call('XTRIM', 'stream', 'MAXLEN', 6500)
`;
const LATER = 4_000_000_000_000;
/** Of every third field; servers of 7.4 and Valkey 9.0 on. */
const EXPIRE_FIELDS = `for i = 1, ARGV[1], 3 do redis.call('HPEXPIREAT', 'hash', ARGV[2], 'FIELDS', 1, 'field:' .. i) end`;

/** Writes to each of them. */
const TOUCH = `
  redis.call('RPUSH', 'list', 'item:' .. ARGV[1])
  redis.call('SADD', 'set', 'new:' .. ARGV[1])
  redis.call('ZINCRBY', 'zset', 1, 'member:' .. ARGV[1])
  redis.call('HINCRBY', 'hash', 'counter', 1)
  redis.call('HSET', 'hash of large values', 'c', ARGV[1])
  redis.call('XADD', 'stream', 'MAXLEN', 6500, '*', 'field', ARGV[1])
  redis.call('XREADGROUP', 'GROUP', 'readers', 'third', 'COUNT', 1, 'STREAMS', 'stream', '>')
`;

describe.each([
  { source: "redis:7.0", target: "redis:6.0", fieldsExpire: false },
  { source: "redis:8.0", target: "redis:7.0", fieldsExpire: false },
  { source: "redis:8.0", target: "valkey/valkey:8.1", fieldsExpire: false },
  { source: "redis:8.6", target: "redis:8.0", fieldsExpire: true },
  { source: "valkey/valkey:9.1", target: "valkey/valkey:9.1", fieldsExpire: true },
])("large keys that a bridge copies from $source to $target", ({ source, target, fieldsExpire }) => {
  let scene: BridgeScene;
  let bridge: Bridge;
  let stopBridge: () => Promise<void> = () => Promise.resolve();

  async function begin(): Promise<void> {
    scene = await openScene(source, target);
    await keepBacklog(scene);
    const { admin } = scene.source;
    await admin.call("EVAL", FILL, 0, ELEMENTS, LATER);
    if (fieldsExpire) await admin.call("EVAL", EXPIRE_FIELDS, 0, ELEMENTS, LATER);
    ({ bridge, stop: stopBridge } = startBridge(scene, feedGreen()));
  }

  afterEach(async () => {
    await stopBridge();
    await scene.stop();
  });

  it("are what they were, in parts", async () => {
    await begin();
    await caughtUp(scene, bridge);
    expect(await compare(scene)).toMatchObject({ keysCompared: 8, samples: [] });
  });

  it("are what they were although somebody writes to them all the time", async () => {
    await begin();
    let written = 0;
    const isCopied = (): boolean => {
      const { state, position, staleKeys } = bridge.status();
      return state === "applying" && position?.copying === false && staleKeys === 0;
    };
    while (!isCopied()) await scene.source.admin.call("EVAL", TOUCH, 0, ++written);
    await caughtUp(scene, bridge);
    expect((await compare(scene)).samples).toEqual([]);
    expect(Number(await scene.target.admin.call("HGET", "hash", "counter"))).toBe(written);
  });
});
