import type { RedisServer } from "../../components/engine/redisServer.ts";

type Command = (string | number | Buffer)[];

/**
 * Far enough away that no test lives to see it, and within a year: before 7.0 the moment comes from what is left until then,
 * and may be a millisecond off.
 */
const EXPIRES_AT = Date.UTC(2100, 6, 1);

/** A key that is no text. */
export const BINARY_KEY = Buffer.from([0xff, 0x00, 0x0a, 0x20, 0x80]);

/** How many keys `seedEveryType` makes in a database, and how many of them expire. */
export const SEEDED = { keys: 18, expires: 3 };

/** Each type, small and larger than one reading chunk, with and without expiry, in the connection's database. */
export async function seedEveryType(server: RedisServer): Promise<void> {
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const commands: Command[] = [
    ["SET", "string", "value"],
    ["SET", "empty", ""],
    ["SET", "number", 42],
    ["SET", "long", Buffer.alloc(200_000, "x")],
    ["SET", "expiring", "value"],
    ["PEXPIREAT", "expiring", EXPIRES_AT],
    ["SET", BINARY_KEY, Buffer.from([0, 255, 13, 10])],
    ["RPUSH", "list", "a", "b", "a", ""],
    ["RPUSH", "long list", ...range(2_500)],
    ["SADD", "set", "a", "b", Buffer.from([0, 255])],
    ["SADD", "long set", ...range(2_500).map((i) => `member ${i}`)],
    ["PEXPIREAT", "long set", EXPIRES_AT],
    ["HSET", "hash", "a", "1", "b", "2"],
    ["HSET", "long hash", ...range(2_500).flatMap((i) => [`field ${i}`, i])],
    ["ZADD", "zset", 0.1, "a", -1.5, "b", "inf", "c", "-inf", "d", 1e100, "e"],
    ["ZADD", "long zset", ...range(2_500).flatMap((i) => [i / 3, `member ${i}`])],
    ["PFADD", "hyperloglog", ...range(100)],
    ["SETBIT", "bits", 1_000, 1],
    ["PEXPIREAT", "bits", EXPIRES_AT],
    ...streamCommands(),
  ];
  for (const [name, ...args] of commands) await server.call(String(name), ...args);
  await server.call("XREADGROUP", "GROUP", "workers", "alice", "COUNT", 3, "STREAMS", "stream", ">");
  await server.call("XREADGROUP", "GROUP", "workers", "bob", "COUNT", 2, "STREAMS", "stream", ">");
  await server.call("XACK", "stream", "workers", "1-2");
}

function streamCommands(): Command[] {
  const entries = [1, 2, 3, 4, 5, 6, 7].map((i): Command => ["XADD", "stream", `1-${i}`, "field", i]);
  return [
    ...entries,
    ["XDEL", "stream", "1-7"],
    ["XGROUP", "CREATE", "stream", "workers", "0"],
    ["XGROUP", "CREATE", "stream", "idle", "1-3"],
    ["XADD", "lone stream", "5-1", "field", "value"],
  ];
}
