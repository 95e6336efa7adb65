import { setTimeout as delay } from "node:timers/promises";
import { bridgeSourceRules, bridgeTargetRules } from "./bridge/aclRules.ts";
import {
  BATCHES_KEY,
  forgetCommands,
  parsePosition,
  POSITION_KEY,
  readStaleKeys,
  sinceAnew,
  STALE_KEY,
  UNREPRESENTABLE_KEY,
  type BridgeProgress,
} from "./bridge/position.ts";
import type { Commands } from "./gate.ts";
import { EVICTION, FED, notedIn, type Handover } from "./handover.ts";
import { parseInfo } from "./infoReply.ts";
import type { RedisServer } from "./redisServer.ts";
import { replicationStateOf } from "./replicationState.ts";
import type { ServerVersion } from "./serverVersion.ts";
import { BRIDGE_USER } from "./users.ts";

/** What a server does when it is full. */
export interface MemoryLimit {
  /** `maxmemory-policy`. */
  policy: string;
  /** `maxmemory`, bytes; 0: none. */
  bytes: string;
}

/** What is changed on a colour while the bridge feeds it, and put back then. */
export interface BeforeFeeding {
  /** The clients' user, which is off meanwhile. */
  applicationUser: string;
  /**
   * Its limit of memory. As for a replica there is none meanwhile: a standby that evicts what the live colour keeps loses it,
   * and one that is full refuses what makes room as well. Absent where it isn't known.
   */
  limit?: MemoryLimit;
}

/** A colour that the bridge feeds: a master that nobody else may write. */
export interface Fed extends BeforeFeeding {
  /** The number of the database that holds the bridge's own keys. */
  lastDatabase: number;
  version: ServerVersion;
  /** How far the bridge is; absent before it has begun. */
  progress?: BridgeProgress;
  /** Where the server's own history stands. */
  own: Handover;
}

/**
 * Looks at what the bridge noted on a server.
 * @param anew the word under which every key is to be copied: what was noted before it counts no longer
 */
export async function readFed(
  server: RedisServer,
  before: BeforeFeeding,
  anew: string | undefined,
): Promise<Fed> {
  const [version, config] = await Promise.all([server.version(), server.configGet("databases")]);
  const lastDatabase = Number(config.get("databases") ?? 16) - 1;
  const replies = await server.transaction(...progressCommands(lastDatabase));
  const { own, progress } = progressIn(replies);
  const counts = anew === undefined || progress?.position.since === sinceAnew(anew);
  return { ...before, version, lastDatabase, own, ...(counts && progress !== undefined ? { progress } : {}) };
}

/** Commands for one MULTI, which leave the connection on database 0; `progressIn` reads their replies. */
export function progressCommands(lastDatabase: number): Commands {
  return [
    ["SELECT", lastDatabase],
    ["GET", POSITION_KEY],
    ["GET", BATCHES_KEY],
    ["HLEN", STALE_KEY],
    ["SCARD", UNREPRESENTABLE_KEY],
    ["SELECT", 0],
    ["INFO", "replication"],
  ];
}

/** Reads the last replies of a transaction that ended with `progressCommands`. */
export function progressIn(replies: readonly unknown[]): Pick<Fed, "progress" | "own"> {
  const [value, batches, staleKeys, unrepresentable, , info] = replies.slice(-6);
  const { replid, offset } = replicationStateOf(parseInfo(String(info)));
  const noted = typeof value === "string" ? parsePosition(value) : undefined;
  if (noted === undefined) return { own: { replid, offset } };
  // A transaction was refused and one behind it was not: the bridge will copy everything.
  const position = Number(batches) === noted.batches ? noted : { ...noted, copying: true };
  return {
    own: { replid, offset },
    progress: { position, staleKeys: Number(staleKeys), unrepresentable: Number(unrepresentable) },
  };
}

/** For so long is looked at what is copied again, in milliseconds: most keys take a few. */
const PATIENCE_MS = 1_000;
const LOOK_AGAIN_MS = 20;
/** More than clients have the bridge copy while it is done with each soon. */
const MANY = 5_000;

/**
 * How many of the keys that the bridge copies again now are not done within a second. That none is copied at some instant is
 * nothing to wait for: where clients give keys their first expiry all the time, some always are.
 * @param lastDatabase holds the bridge's own keys
 */
export async function lingeringKeys(server: RedisServer, lastDatabase: number): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  let left = await staleFields(server, lastDatabase);
  while (left.size > 0 && left.size <= MANY && performance.now() < deadline) {
    await delay(LOOK_AGAIN_MS);
    const now = await staleFields(server, lastDatabase);
    left = new Set([...left].filter((field) => now.has(field)));
  }
  return left.size;
}

function staleFields(server: RedisServer, lastDatabase: number): Promise<Set<string>> {
  return readStaleKeys(async (command) => {
    const [, reply] = await server.transaction(["SELECT", lastDatabase], command, ["SELECT", 0]);
    return reply;
  });
}

/** As `readFed` found it, with what of its stale keys is lingering. */
export async function withLingering(server: RedisServer, fed: Fed): Promise<Fed> {
  const { progress, lastDatabase } = fed;
  if (progress === undefined || progress.staleKeys === 0 || progress.position.copying) return fed;
  return { ...fed, progress: { ...progress, lingeringKeys: await lingeringKeys(server, lastDatabase) } };
}

/** Whether every write up to a place of the source's history is there, and nothing behind it. */
export function holdsUpTo({ progress }: Pick<Fed, "progress">, { replid, offset }: Handover): boolean {
  if (progress === undefined || progress.staleKeys > 0) return false;
  const { position } = progress;
  const settled = position.applied.offset === offset && position.confirmed.offset === offset;
  return !position.copying && position.replid === replid && settled;
}

/** What is noted of a colour that is fed; undefined where it isn't. */
export function beforeFeedingIn(patterns: readonly string[]): BeforeFeeding | undefined {
  const applicationUser = notedIn(patterns, FED);
  if (applicationUser === undefined) return undefined;
  const [policy, bytes] = notedIn(patterns, EVICTION)?.split(":") ?? [];
  const limit = policy === undefined || bytes === undefined ? undefined : { policy, bytes };
  return { applicationUser, ...(limit === undefined ? {} : { limit }) };
}

/** The notes that `beforeFeedingIn` reads. */
export function beforeFeedingNotes({ applicationUser, limit }: BeforeFeeding): string[] {
  return [
    `${FED}${applicationUser}`,
    ...(limit === undefined ? [] : [`${EVICTION}${limit.policy}:${limit.bytes}`]),
  ];
}

/** Lets the bridge write, and the clients' user nothing; keys leave only where the live colour says so. */
export function beginFeedingCommands({ applicationUser }: BeforeFeeding, version: ServerVersion): Commands {
  return [
    ["ACL", "SETUSER", applicationUser, "off"],
    ["CLIENT", "KILL", "USER", applicationUser],
    ...limitCommands({ policy: "noeviction", bytes: "0" }),
    ["ACL", "SETUSER", BRIDGE_USER, "on", "resetkeys", "-@all", ...bridgeTargetRules(version).split(" ")],
  ];
}

/**
 * Takes the bridge's right to write. Its connections end as well, so that not even a transaction that it has queued
 * takes effect.
 */
export function revokeWritingCommands({ version }: Fed): Commands {
  return [
    ["ACL", "SETUSER", BRIDGE_USER, "on", "resetkeys", "-@all", ...bridgeSourceRules(version).split(" ")],
    ["CLIENT", "KILL", "USER", BRIDGE_USER],
  ];
}

/** Takes the bridge's right to write, and puts back what was changed for it. */
export function endFeedingCommands(fed: Fed): Commands {
  return [
    ...revokeWritingCommands(fed),
    ["ACL", "SETUSER", fed.applicationUser, "on"],
    ...(fed.limit === undefined ? [] : limitCommands(fed.limit)),
  ];
}

function limitCommands({ policy, bytes }: MemoryLimit): Commands {
  return [
    ["CONFIG", "SET", "maxmemory-policy", policy],
    ["CONFIG", "SET", "maxmemory", bytes],
  ];
}

/** Ends feeding where clients are let in again, and removes what the bridge noted. */
export function afterFeedingCommands(fed: Fed): Commands {
  return [...endFeedingCommands(fed), ...forgetCommands(fed.lastDatabase)];
}
