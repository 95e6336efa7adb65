import { formatVersion, type ServerVersion } from "../serverVersion.ts";

/** Whether something works, and the sentence that says why. */
export interface Compatibility {
  ok: boolean;
  /** A clause for messages, e.g. `Redis 8.0 writes RDB version 12, Redis 7.0 reads up to 10`. */
  reason: string;
}

/** RDB version that each minor release of Redis writes, which is also the newest that it reads. */
const REDIS_RDB: ReadonlyMap<string, number> = new Map([
  ["5.0", 9],
  ["6.0", 9],
  ["6.2", 9],
  ["7.0", 10],
  ["7.2", 11],
  ["7.4", 12],
  ["8.0", 12],
  // 8.2 and 8.4 are inferred: they lie between two measured releases, with the format of the older one.
  ["8.2", 12],
  ["8.4", 12],
  ["8.6", 13],
]);

/** RDB version that each minor release of Valkey writes by default. */
const VALKEY_RDB: ReadonlyMap<string, number> = new Map([
  ["7.2", 11],
  ["8.0", 11],
  ["8.1", 11],
  ["9.0", 80],
  ["9.1", 80],
]);

/** The last format that Redis and Valkey share: every Valkey reads up to here, and refuses Redis's 12 and newer. */
const LAST_SHARED_RDB = 11;

/**
 * Minor releases of Valkey that send the shared format to a replica which does not announce, with REPLCONF VERSION,
 * that it reads the newer one. Without hash-field TTLs only: with them the sync is aborted and the replica keeps its data.
 */
const SENDS_SHARED_RDB_TO_OLDER: ReadonlySet<string> = new Set(["9.1"]);

/** `7.0` of `7.0.15`: the part of a version that formats and commands depend on. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** Whether two servers are the same product in the same minor release. */
export function sameMinor(a: ServerVersion, b: ServerVersion): boolean {
  return a.product === b.product && minorOf(a.version) === minorOf(b.version);
}

/** The RDB version that a server writes; absent where it has not been measured. */
export function rdbVersionOf(server: ServerVersion): number | undefined {
  return (server.product === "redis" ? REDIS_RDB : VALKEY_RDB).get(minorOf(server.version));
}

/**
 * Whether `replica` can take a full copy (full resync) from `master`.
 *
 * Measured with Redis 5.0.14 to 8.6.3 and Valkey 8.0.1 to 9.1.2 for each pair; Redis 8.2 and 8.4 are inferred. A
 * release that is not in the table answers not ok, unless both are the same minor release, which share a format.
 */
export function canReplicate(master: ServerVersion, replica: ServerVersion): Compatibility {
  if (sameMinor(master, replica)) {
    return {
      ok: true,
      reason: `${formatVersion(master)} and ${formatVersion(replica)} are the same minor release`,
    };
  }
  const written = rdbVersionOf(master);
  const readable = rdbVersionOf(replica);
  if (written === undefined) return notMeasured(master);
  if (readable === undefined) return notMeasured(replica);

  const sent = versionSent(master, replica, written);
  // Valkey refuses Redis's formats above the last shared one, whatever its own number is.
  const limit = replica.product === "valkey" && master.product === "redis" ? LAST_SHARED_RDB : readable;
  const origin = limit === readable ? "" : " from Redis";
  return {
    ok: sent <= limit,
    reason: `${formatVersion(master)} ${sent === written ? "writes" : "sends"} RDB version ${sent}, ${formatVersion(replica)} reads up to ${limit}${origin}`,
  };
}

/** The RDB version that `master` sends to `replica`. */
function versionSent(master: ServerVersion, replica: ServerVersion, written: number): number {
  if (!SENDS_SHARED_RDB_TO_OLDER.has(minorOf(master.version)) || master.product !== "valkey") return written;
  return rdbVersionOf(replica) === written ? written : LAST_SHARED_RDB;
}

function notMeasured(server: ServerVersion): Compatibility {
  return {
    ok: false,
    reason: `replication between ${formatVersion(server)} and another release is not measured`,
  };
}
