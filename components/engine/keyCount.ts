import type { Keyspace } from "./redisServer.ts";

/** Keys in all databases together. */
export function keyCount(keyspace: Keyspace): number {
  return [...keyspace.values()].reduce((sum, keys) => sum + keys, 0);
}
