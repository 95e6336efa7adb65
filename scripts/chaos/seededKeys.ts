import type { Redis } from "ioredis";

/** One key. */
export interface SeededKey {
  /** Its type and content, in words that are equal where they are. */
  content: string;
  /** In milliseconds since 1970; absent: it stays. */
  expiresAt?: number;
}

/** Whether a key whose time has come is there yet depends on clocks, of which some jump by a minute. Milliseconds. */
const NEAR_MS = 120_000;
/** Two readings of one expiry differ by as long as an answer takes. Milliseconds. */
const SAME_MS = 5_000;

/**
 * What the keys hold that `seedDataset` wrote and no client touches: both colours having the same is no proof that it is
 * what was there.
 * @returns by key
 */
export async function readSeededKeys(client: Redis, keys: number): Promise<Map<string, SeededKey>> {
  const names = Array.from({ length: keys }, (_, i) => `seed:${i}`);
  const types = (await answers(
    client,
    names.map((name) => ["TYPE", name]),
  )) as string[];
  const left = (await answers(
    client,
    names.map((name) => ["PTTL", name]),
  )) as number[];
  const now = Date.now();
  const commands = names.map((name, i) => readingOf(types[i] ?? "none", name));
  const values = await answers(client, commands.flat());
  const found = new Map<string, SeededKey>();
  for (const [i, name] of names.entries()) {
    const own = values.splice(0, commands[i]?.length ?? 0);
    const type = types[i] ?? "none";
    if (type === "none") continue;
    const content = JSON.stringify([type, ...own.map((value) => inOneOrder(type, value))]);
    const ms = left[i] ?? -1;
    found.set(name, { content, ...(ms < 0 ? {} : { expiresAt: now + ms }) });
  }
  return found;
}

/** What is no longer as it was, in words; keys whose time has come, or nearly so, may be gone. */
export function changesOf(
  before: ReadonlyMap<string, SeededKey>,
  after: ReadonlyMap<string, SeededKey>,
  now = Date.now(),
): string[] {
  return [...before].flatMap(([key, { content, expiresAt = Infinity }]) => {
    if (expiresAt < now + NEAR_MS) return [];
    const there = after.get(key);
    if (there === undefined) return [`${key} is missing`];
    if (there.content !== content) return [`${key} holds ${there.content} instead of ${content}`];
    const { expiresAt: later = Infinity } = there;
    const isSame = later === expiresAt || Math.abs(later - expiresAt) < SAME_MS;
    return isSame ? [] : [`${key} expires at ${later} instead of ${expiresAt} ms`];
  });
}

function readingOf(type: string, key: string): string[][] {
  switch (type) {
    case "none":
      return [];
    case "string":
      return [["GET", key]];
    case "list":
      return [["LRANGE", key, "0", "-1"]];
    case "hash":
      return [["HGETALL", key]];
    case "set":
      return [["SMEMBERS", key]];
    case "zset":
      return [["ZRANGE", key, "0", "-1", "WITHSCORES"]];
    case "stream":
      return [
        ["XRANGE", key, "-", "+"],
        ["XPENDING", key, "readers"],
      ];
    default:
      throw new Error(`${key} is a ${type}, which the seed has none of`);
  }
}

/** Fields of a hash and members of a set come in any order. */
function inOneOrder(type: string, value: unknown): unknown {
  if (type === "set") return (value as string[]).toSorted();
  if (type !== "hash") return value;
  const flat = value as string[];
  return Object.entries(
    Object.fromEntries(flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1]]] : []))),
  ).sort();
}

async function answers(client: Redis, commands: string[][]): Promise<unknown[]> {
  const pipeline = client.pipeline();
  for (const [name = "", ...args] of commands) pipeline.call(name, ...args);
  return ((await pipeline.exec()) ?? []).map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}
