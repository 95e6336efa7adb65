import type { Redis } from "ioredis";
import type { Call, FinalValue, KeyHistory, KeyType } from "../checker/history.ts";

/** How many keys of each type all clients share. */
const KEYS: Record<KeyType, number> = { counter: 4, register: 8, list: 4, set: 4 };
const TYPES = Object.keys(KEYS) as KeyType[];

/** A key with its calls so far, in the order in which they were asked for by any client. */
export function newKeys(prefix: string): KeyHistory[] {
  return TYPES.flatMap((type) =>
    Array.from({ length: KEYS[type] }, (_, i) => ({
      key: `${prefix}:${type}:${i}`,
      type,
      calls: [],
      final: undefined,
    })),
  );
}

/** Sends a call. @returns its reply as `Call` has it */
export async function send(client: Redis, { key, kind, value }: Call): Promise<number> {
  switch (kind) {
    case "increment":
      return client.incr(key);
    case "set":
      await client.set(key, value);
      return value;
    case "push":
      return client.rpush(key, value);
    case "add":
      return client.sadd(key, value);
    case "contains":
      return client.sismember(key, value);
    case "readCounter":
    case "get":
      return Number((await client.get(key)) ?? 0);
  }
}

/** Reads what a key holds. */
export async function readFinal(client: Redis, { key, type }: KeyHistory): Promise<FinalValue> {
  if (type === "list") return { type, values: (await client.lrange(key, 0, -1)).map(Number) };
  if (type === "set") return { type, values: (await client.smembers(key)).map(Number) };
  return { type, number: Number((await client.get(key)) ?? 0) };
}
