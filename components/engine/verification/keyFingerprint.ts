import type { Command } from "./bulkConnection.ts";
import type { DatabaseKey, DatasetReader } from "./datasetReader.ts";
import { ReplyError, type Reply } from "./replyParser.ts";
import { streamDigest } from "./streamDigest.ts";
import { digesterFor, dumpDigest, readOn, type FieldExpiry, type ValueDigester } from "./valueDigest.ts";

/** What a key holds, in a form that is equal on all versions when the data is. */
export interface KeyFingerprint {
  /** As TYPE says it; `none` where there is no such key. */
  type: string;
  /** Compare only between equal types. */
  digest: string;
  /** Milliseconds since 1970; absent: never. Before 7.0 worked out from the time left, a few ms off. */
  expiresAt?: number;
  /** The server's clock when it answered, milliseconds since 1970. */
  readAt: number;
  /** The digest is of a DUMP, which is comparable only between equal versions. */
  opaque?: true;
}

/** Keys read in one go; bounds what a batch of long strings takes in memory to about 32 MB. */
export const BATCH_KEYS = 500;

/**
 * Reads keys of one database. Types and expiries come in one round trip, first chunks of values in a second; only
 * long values take more.
 */
export async function fingerprintKeys(
  reader: DatasetReader,
  database: number,
  keys: readonly Buffer[],
  fieldExpiry: FieldExpiry,
): Promise<KeyFingerprint[]> {
  const fingerprints = await typesAndExpiries(reader, database, keys);
  const digesters = fingerprints.map(({ type }, i) =>
    digesterFor(type, keys[i] ?? Buffer.alloc(0), fieldExpiry),
  );
  await firstChunks(reader, database, fingerprints, digesters);
  for (const [i, fingerprint] of fingerprints.entries()) {
    const digester = digesters[i];
    const target: DatabaseKey = { database, key: keys[i] ?? Buffer.alloc(0) };
    if (fingerprint.type === "none") continue;
    try {
      if (digester !== undefined) fingerprint.digest = await readOn(reader, database, digester);
      else await readWhole(reader, target, fingerprint);
    } catch (error) {
      if (!hasMovedOn(error)) throw error;
      moveOn(fingerprint);
    }
  }
  return fingerprints;
}

async function typesAndExpiries(
  reader: DatasetReader,
  database: number,
  keys: readonly Buffer[],
): Promise<KeyFingerprint[]> {
  const expiry = reader.knowsExpiryTime ? "PEXPIRETIME" : "PTTL";
  const commands: Command[] = keys.flatMap((key): Command[] => [
    ["TYPE", key],
    [expiry, key],
  ]);
  const replies = await reader.batch(database, [["TIME"], ...commands]);
  const readAt = millisecondsOf(reader.value(replies[0]));
  return keys.map((_, i) => {
    const type = reader.value(replies[1 + 2 * i]);
    const reply = Number(reader.value(replies[2 + 2 * i]));
    const fingerprint: KeyFingerprint = { type: String(type), digest: "", readAt };
    if (reply >= 0) fingerprint.expiresAt = reader.knowsExpiryTime ? reply : reply + readAt;
    return fingerprint;
  });
}

async function firstChunks(
  reader: DatasetReader,
  database: number,
  fingerprints: KeyFingerprint[],
  digesters: (ValueDigester | undefined)[],
): Promise<void> {
  const first: { digester: ValueDigester; fingerprint: KeyFingerprint; command: Command; at: number }[] = [];
  for (const [at, fingerprint] of fingerprints.entries()) {
    const digester = digesters[at];
    const command = digester?.next();
    if (digester !== undefined && command !== undefined) first.push({ digester, fingerprint, command, at });
  }
  const replies = await reader.batch(
    database,
    first.map(({ command }) => command),
  );
  for (const [i, { digester, fingerprint, at }] of first.entries()) {
    const reply = replies[i];
    if (reply instanceof ReplyError) {
      if (!hasMovedOn(reply)) reader.value(reply);
      moveOn(fingerprint);
      digesters[at] = undefined;
    } else {
      digester.take(reply ?? null);
    }
  }
}

async function readWhole(
  reader: DatasetReader,
  target: DatabaseKey,
  fingerprint: KeyFingerprint,
): Promise<void> {
  const { database, key } = target;
  if (fingerprint.type === "stream") {
    fingerprint.digest = await streamDigest(reader, database, key);
    return;
  }
  if (fingerprint.type === MOVED) return;
  fingerprint.digest = await dumpDigest(reader, database, key);
  fingerprint.opaque = true;
}

/** A type that equals no other: the key changed while it was read, so it is looked at again. */
const MOVED = "changed while it was read";

function moveOn(fingerprint: KeyFingerprint): void {
  fingerprint.type = MOVED;
  fingerprint.digest = String(process.hrtime.bigint());
}

/** The key got another type, or went away, between two commands. */
function hasMovedOn(error: unknown): boolean {
  return error instanceof Error && /WRONGTYPE|no such key|NOGROUP/i.test(error.message);
}

/** Reads the reply of TIME: seconds and microseconds. */
function millisecondsOf(reply: Reply): number {
  const [seconds, microseconds] = reply as [Buffer, Buffer];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
