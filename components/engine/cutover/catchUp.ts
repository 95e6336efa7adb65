import { parseInfo } from "../infoReply.ts";
import type { RedisServer } from "../redisServer.ts";
import { keyspaceOf, type Keyspace } from "../keyspace.ts";
import type { Pause } from "../pause.ts";
import { replicationStateOf } from "../replicationState.ts";

/** Where a standby stands, with its key counts, asked in one round trip. */
export async function standbyProgress(standby: RedisServer): Promise<Pause> {
  const [replication, keyspace] = await Promise.all([
    standby.call("INFO", "replication"),
    standby.call("INFO", "keyspace"),
  ]);
  const { replid, offset } = replicationStateOf(parseInfo(String(replication)));
  return {
    replid,
    offset,
    keyspace: keyspaceOf(parseInfo(String(keyspace))),
  };
}

/** Whether two servers have the same number of keys in each database. */
export function sameKeyspace(a: Keyspace, b: Keyspace): boolean {
  return a.size === b.size && [...a].every(([database, keys]) => b.get(database) === keys);
}
