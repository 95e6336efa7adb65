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

/** What a full copy works with. */
export interface FullCopyParts {
  /** Connections of its own, for scanning. */
  source: PlainClient;
  target: PlainClient;
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
 * Makes the target hold what the source does, key by key, while the stream goes on: first it deletes what the source
 * doesn't have, then it copies. It never empties the target. In that order, because a key that comes to be on the source
 * meanwhile is made by the stream, on a target where nothing of that name is left.
 */
export async function copyEverything(parts: FullCopyParts): Promise<void> {
  const { source, target, stale, applier, unrepresentable, databases } = parts;
  await deleteExtra(parts);
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
  await copyFunctions(parts, source, target);
  await waitFor(parts, 0);
  // A key may be ahead of the stream; the copy is whole when the stream has caught up with each.
  const end = infoNumber(parseInfo(String(await source.call("INFO", "replication"))), "master_repl_offset");
  while (applier.place.offset < end && !parts.stopped()) await delay(5);
  await waitFor(parts, 0);
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
  await waitFor(parts, 0);
}

async function waitFor({ stale, stopped }: FullCopyParts, atMost: number): Promise<void> {
  while (stale.toCopy > atMost && !stopped()) await delay(2);
}

/** Waits until there is room for further keys: the copier has few to copy, and the stream is not far behind those it copied. */
async function waitForRoom(parts: FullCopyParts): Promise<void> {
  await waitFor(parts, MAX_WAITING);
  while (parts.stale.crowded && !parts.stopped()) await delay(2);
}

async function databasesWithKeys(client: PlainClient): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const [name, value] of parseInfo(String(await client.call("INFO", "keyspace")))) {
    if (name.startsWith("db")) found.set(Number(name.slice(2)), infoNumber(parsePairs(value), "keys"));
  }
  return found;
}

async function* scan(client: PlainClient, database: number): AsyncGenerator<Buffer[]> {
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
async function copyFunctions(
  { applier, functions, unrepresentable }: FullCopyParts,
  source: PlainClient,
  target: PlainClient,
): Promise<void> {
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

async function libraries(client: PlainClient): Promise<Map<string, Buffer>> {
  const [reply] = await client.batch([["FUNCTION", "LIST", "WITHCODE"]]);
  const found = new Map<string, Buffer>();
  // Before 7.0 it is an unknown command.
  for (const library of Array.isArray(reply) ? reply : []) {
    const fields = Array.isArray(library) ? library : [];
    found.set(String(fields[1]), fields[fields.length - 1] as Buffer);
  }
  return found;
}
