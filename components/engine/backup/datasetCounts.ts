import { infoNumber, parsePairs, type InfoFields } from "../infoReply.ts";
import { replicationStateOf } from "../replicationState.ts";

/** How many keys one database holds, expired but not yet deleted ones included. */
export interface DatabaseCounts {
  keys: number;
  /** Of these, keys with an expiry. */
  expires: number;
  /** Hashes with fields that expire (Redis 7.4+, Valkey 9+); such a key can vanish without an expiry of its own. */
  fieldExpires: number;
}

/** What a server held at one instant: all figures come from one INFO reply. */
export interface DatasetCounts {
  /** Replication offset in bytes; tells nothing while `backlogActive` is false. */
  offset: number;
  /** Without a backlog a master doesn't count what it writes. */
  backlogActive: boolean;
  /** Changes since the last save, by the server's own count. */
  changes: number;
  /** By database number. */
  databases: Record<string, DatabaseCounts>;
}

/** Reads the figures from an INFO reply with all default sections. */
export function datasetCountsOf(info: InfoFields): DatasetCounts {
  const databases: Record<string, DatabaseCounts> = {};
  for (const [name, value] of info) {
    const database = /^db(\d+)$/.exec(name)?.[1];
    if (database === undefined) continue;
    const pairs = parsePairs(value);
    const figure = (...names: string[]): number => Number(names.map((n) => pairs.get(n)).find(Boolean) ?? 0);
    databases[database] = {
      keys: figure("keys"),
      expires: figure("expires"),
      fieldExpires: figure("subexpiry", "keys_with_volatile_items"),
    };
  }
  return {
    offset: replicationStateOf(info).offset,
    backlogActive: infoNumber(info, "repl_backlog_active") === 1,
    changes: infoNumber(info, "rdb_changes_since_last_save"),
    databases,
  };
}
