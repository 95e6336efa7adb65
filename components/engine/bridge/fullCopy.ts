import { setTimeout as delay } from "node:timers/promises";
import { keyCount } from "../keyspace.ts";
import { infoNumber, parseInfo, parsePairs } from "../infoReply.ts";
import type { PlainClient } from "./plainClient.ts";
import { isOwnKey } from "./position.ts";
import type { StaleKeys } from "./staleKeys.ts";
import type { StreamApplier } from "./streamApplier.ts";
import type { Unrepresentable } from "./unrepresentable.ts";

/** Keys that have been copied, of about so many. */
export interface CopyProgress {
  copied: number;
  of: number;
}

/** What a server is scanned with. */
export type ScanClient = Pick<PlainClient, "call" | "batch">;

/** What a full copy works with. */
export interface FullCopyParts {
  /** Connections of its own, for scanning. */
  source: ScanClient;
  target: ScanClient;
  applier: StreamApplier;
  stale: StaleKeys;
  unrepresentable: Unrepresentable;
  /** Databases of the target. */
  databases: number;
  /** Both sides know libraries of functions. */
  functions: boolean;
  onProgress: (progress: CopyProgress) => void;
  stopped: () => boolean;
}

const SCAN_COUNT = 500;
/** Keys that may wait for being copied. */
const MAX_WAITING = 1_000;

/**
 * Makes the target hold what the source does, key by key, while the stream goes on: first it marks what the source doesn't
 * have, then what it has. It never empties the target. Where it ends, some keys may still wait for being copied: that none
 * does may never be while clients write.
 *
 * What is marked is copied as of a known offset. A key that isn't was absent on the source for a moment of the second scan:
 * it was marked by the first one, or it was never on the target, or the stream told how it went: by a command that deletes
 * or replaces it, or by one of which the applier has it copied (see `CertainKeys`). Where those are too many, it begins
 * again.
 */
export async function copyEverything(parts: FullCopyParts): Promise<void> {
  const { certain } = parts.applier.output;
  do {
    certain.begin();
    await deleteExtra(parts);
    await addAll(parts);
    const end = infoNumber(
      parseInfo(String(await parts.source.call("INFO", "replication"))),
      "master_repl_offset",
    );
    certain.scanned(end);
    // How a key went is known once the stream says so.
    while (parts.applier.place.offset < end && !parts.stopped()) await delay(5);
  } while (certain.missed && !parts.stopped());
  await copyFunctions(parts);
}

/** Marks what the source has. */
async function addAll(parts: FullCopyParts): Promise<void> {
  const { source, stale, unrepresentable, databases } = parts;
  const keyspace = await databasesWithKeys(source);
  const of = keyCount(keyspace);
  let found = 0;
  for (const database of keyspace.keys()) {
    for await (const keys of scan(source, database)) {
      const others = keys.filter((key) => !isOwnKey(key));
      if (database >= databases) for (const key of others) unrepresentable.add("database", database, key);
      else for (const key of others) stale.add(database, key, 0);
      found += keys.length;
      await waitForRoom(parts);
      parts.onProgress({ copied: Math.max(0, found - stale.toCopy), of: Math.max(of, found) });
    }
  }
}

/** Marks what the source doesn't have; the copier finds it absent and deletes it. */
async function deleteExtra(parts: FullCopyParts): Promise<void> {
  const { source, target, stale } = parts;
  for (const database of (await databasesWithKeys(target)).keys()) {
    for await (const keys of scan(target, database)) {
      const others = keys.filter((key) => !isOwnKey(key));
      const [, ...there] = await source.batch([
        ["SELECT", database],
        ...others.map((key) => ["EXISTS", key]),
      ]);
      for (const [i, key] of others.entries()) if (there[i] !== 1) stale.add(database, key, 0);
      await waitForRoom(parts);
    }
  }
}

/** Waits until there is room for further keys: the copier has few to copy, and the stream is not far behind those it copied. */
async function waitForRoom({ stale, stopped }: FullCopyParts): Promise<void> {
  while ((stale.toCopy > MAX_WAITING || stale.crowded) && !stopped()) await delay(2);
}

async function databasesWithKeys(client: ScanClient): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const [name, value] of parseInfo(String(await client.call("INFO", "keyspace")))) {
    if (name.startsWith("db")) found.set(Number(name.slice(2)), infoNumber(parsePairs(value), "keys"));
  }
  return found;
}

async function* scan(client: ScanClient, database: number): AsyncGenerator<Buffer[]> {
  let cursor = "0";
  do {
    // The connection may be on another database by now.
    const [, reply] = await client.batch([
      ["SELECT", database],
      ["SCAN", cursor, "COUNT", SCAN_COUNT],
    ]);
    if (!Array.isArray(reply)) throw reply instanceof Error ? reply : new Error("SCAN gave no list");
    const [next, keys] = reply as [Buffer, Buffer[]];
    cursor = next.toString();
    if (keys.length > 0) yield keys;
  } while (cursor !== "0");
}

/** Libraries of functions are not keys; those that the target has and the source doesn't are deleted. */
async function copyFunctions(parts: FullCopyParts): Promise<void> {
  const { source, target, applier, functions, unrepresentable } = parts;
  const here = await libraries(source);
  if (!functions) {
    for (const name of here.keys()) unrepresentable.add("function", -1, Buffer.from(name));
    return;
  }
  const extra = [...(await libraries(target)).keys()].filter((name) => !here.has(name));
  const batch = applier.open();
  for (const name of extra) batch.add(["FUNCTION", "DELETE", name]);
  for (const code of here.values()) batch.add(["FUNCTION", "LOAD", "REPLACE", code]);
}

async function libraries(client: ScanClient): Promise<Map<string, Buffer>> {
  const [reply] = await client.batch([["FUNCTION", "LIST", "WITHCODE"]]);
  const found = new Map<string, Buffer>();
  // Before 7.0 it is an unknown command.
  for (const library of Array.isArray(reply) ? reply : []) {
    const fields = Array.isArray(library) ? library : [];
    found.set(String(fields[1]), fields[fields.length - 1] as Buffer);
  }
  return found;
}
