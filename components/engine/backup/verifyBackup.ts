import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { infoNumber } from "../infoReply.ts";
import { RedisServer } from "../redisServer.ts";
import { compareDatasets, type DatasetComparison } from "../verification/compareDatasets.ts";
import type { Backup } from "./backup.ts";
import { BackupError } from "./backupError.ts";
import { datasetCountsOf, type DatabaseCounts, type DatasetCounts } from "./datasetCounts.ts";
import type { ThrowawayServer } from "./throwawayServer.ts";

/** What was proved of a backup. */
export interface BackupVerification {
  /** From the start of the throw-away server until everything was loaded. */
  loadMs: number;
  keysLoaded: number;
  /** Keys in the file that were past their expiry when it was loaded; Redis 7.0+ tells, else 0. */
  keysExpired: number;
  /** Keys by which a count may be off because the server was written to while the copy began; 0: counts are exact. */
  tolerance: number;
  /** The sampled comparison with the server that was backed up, where one was asked for. */
  sampled?: DatasetComparison & {
    /** The server stood at the copy's offset before and after, so that every difference counts. */
    exact: boolean;
  };
}

/** A comparison by value, on top of the counts. */
export interface BackupSample {
  /** The server that was backed up; differences count only if it has taken no write since. */
  server: RedisServer;
  keys: number | "all";
}

/** A key that is created or removed stands in the replication stream with at least `$1\r\nk\r\n`. */
const LEAST_BYTES_PER_KEY = 7;

/**
 * Proves that a backup can be restored: the file's bytes are those that were received, a real server of the same
 * version loads them, and it then holds the recorded keys.
 *
 * Keys without an expiry must agree for each database; keys with one may have expired since, so they may be fewer
 * but not more. From 7.0 on the server says how many it dropped at loading, and loaded plus dropped must agree too.
 * All that within `tolerance`, which follows from the replication bytes written between counting and copying.
 * @throws BackupError when any of this fails; the throw-away server is gone in every case
 */
export async function verifyBackup(
  backup: Backup,
  throwaway: ThrowawayServer,
  sample?: BackupSample,
): Promise<BackupVerification> {
  if ((await sha256Of(backup.file)) !== backup.sha256) {
    throw new BackupError(`${backup.file}: its bytes are not the ones that were received`);
  }
  const started = performance.now();
  const loaded = await throwaway.load(backup.file, backup.server, databasesOf(backup));
  try {
    const loadMs = Math.round(performance.now() - started);
    const server = await RedisServer.connect(loaded.address, loaded.login);
    try {
      const counts = await checkCounts(backup, server);
      if (sample === undefined) return { loadMs, ...counts };
      return { loadMs, ...counts, sampled: await checkSample(backup, server, sample) };
    } finally {
      server.close();
    }
  } finally {
    await loaded.stop();
  }
}

/** Without the setting, which a server may keep to itself, what its keys need. */
function databasesOf({ config, before }: Backup): number {
  const numbers = Object.keys(before.databases).map(Number);
  return Number(config["databases"] ?? Math.max(16, ...numbers.map((number) => number + 1)));
}

async function checkCounts(
  backup: Backup,
  server: RedisServer,
): Promise<Pick<BackupVerification, "keysLoaded" | "keysExpired" | "tolerance">> {
  const info = await server.info();
  const found = datasetCountsOf(info);
  const tolerance = toleranceOf(backup);
  const failures = differingCounts(backup.before, found, tolerance);
  const keysExpired = infoNumber(info, "rdb_last_load_keys_expired");
  const loaded = info.get("rdb_last_load_keys_loaded");
  const keysLoaded = loaded === undefined ? total(found, "keys") : Number(loaded);
  const inFile = keysLoaded + keysExpired;
  const recorded = total(backup.before, "keys");
  const vanished = total(backup.before, "fieldExpires");
  if (loaded !== undefined && (inFile > recorded + tolerance || inFile < recorded - vanished - tolerance)) {
    failures.push(`the file holds ${inFile} keys, the server held ${recorded}`);
  }
  if (failures.length > 0) {
    throw new BackupError(`${backup.file}: not what was backed up: ${failures.join("; ")} (± ${tolerance})`);
  }
  return { keysLoaded, keysExpired, tolerance };
}

/** What of the recorded counts the found ones contradict, as sentences. */
export function differingCounts(recorded: DatasetCounts, found: DatasetCounts, tolerance: number): string[] {
  const failures: string[] = [];
  const names = new Set([...Object.keys(recorded.databases), ...Object.keys(found.databases)]);
  for (const name of [...names].sort((a, b) => Number(a) - Number(b))) {
    const before = recorded.databases[name] ?? NO_KEYS;
    const now = found.databases[name] ?? NO_KEYS;
    const lasting = before.keys - before.expires;
    const lastingNow = now.keys - now.expires;
    if (lastingNow > lasting + tolerance || lastingNow < lasting - before.fieldExpires - tolerance) {
      failures.push(`database ${name} has ${lastingNow} keys without expiry instead of ${lasting}`);
    }
    if (now.expires > before.expires + tolerance) {
      failures.push(`database ${name} has ${now.expires} keys with expiry instead of ${before.expires}`);
    }
  }
  return failures;
}

const NO_KEYS: DatabaseCounts = { keys: 0, expires: 0, fieldExpires: 0 };

/** How many keys can have come or gone between the counting and the copy's instant. */
export function toleranceOf(backup: Pick<Backup, "before" | "after" | "offset">): number {
  const { before, after, offset } = backup;
  if (before.backlogActive) return Math.floor(Math.max(0, offset - before.offset) / LEAST_BYTES_PER_KEY);
  // A master that nobody replicates doesn't count its bytes: the changes since the copy tell how busy it is.
  return Math.abs(total(after, "keys") - total(before, "keys")) + after.changes;
}

function total(counts: DatasetCounts, figure: keyof DatabaseCounts): number {
  return Object.values(counts.databases).reduce((sum, database) => sum + database[figure], 0);
}

async function checkSample(
  backup: Backup,
  loaded: RedisServer,
  sample: BackupSample,
): Promise<NonNullable<BackupVerification["sampled"]>> {
  const atCopy = async (): Promise<boolean> => (await sample.server.replication()).offset === backup.offset;
  const exactBefore = await atCopy();
  const comparison = await compareDatasets(sample.server, loaded, { keys: sample.keys });
  const exact = exactBefore && (await atCopy());
  const [first] = comparison.samples;
  if (exact && comparison.keysDifferent > 0) {
    throw new BackupError(
      `${backup.file}: ${comparison.keysDifferent} of ${comparison.keysCompared} keys differ from the server's, ` +
        `among them ${first?.key ?? ""} in database ${first?.database ?? 0}: ${first?.reason ?? ""}`,
    );
  }
  return { ...comparison, exact };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
