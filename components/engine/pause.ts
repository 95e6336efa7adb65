import { fenceCommands, hideCommands, type Commands, type Gate, type Handover } from "./gate.ts";
import { parseInfo } from "./infoReply.ts";
import type { RedisServer } from "./redisServer.ts";
import { keyspaceOf, type Keyspace } from "./keyspace.ts";
import { replicationStateOf } from "./replicationState.ts";
import { atLeast } from "./serverVersion.ts";

/** A hold of writes on a server. */
export interface Pause {
  /** The history that the offset is of: a primary without replicas begins another one when its backlog ends. */
  replid: string;
  /** The offset that holds every write which was acknowledged; nothing is written behind it while the pause lasts. */
  offset: number;
  /** Keys per database at that offset. */
  keyspace: Keyspace;
}

/** A pause that outlasts everybody. Milliseconds; about 30 years. */
const ENDLESS_MS = 1_000_000_000_000;

/** Before 6.2 a pause holds everything, this connection too, and can't be ended: so it is short. Milliseconds. */
const FULL_PAUSE_MS = 150;

/** The EXEC that a 6.0 primary sends to its replicas after the transaction below; measured with 6.0.16. */
const PROPAGATED_EXEC_BYTES = 14;

/** Whether the server can hold writes alone, and let go on demand. */
export function pausesWritesOnly(version: string): boolean {
  return atLeast(version, "6.2");
}

/** How writes are held. */
export interface HoldOptions {
  version: string;
  gate: Gate;
  /** After which the pause ends by itself, from 6.2 on. Milliseconds. */
  durationMs: number;
  /** Commands that make a closed gate last; before 6.2 only. */
  persist: Commands;
}

/**
 * Holds writes and reads the offset in one transaction, so that no write can come between. The pause ends by itself.
 * Before 6.2 the gate is closed in the same transaction, in the server's file as well, since nothing can be asked while
 * the pause lasts, and the other colour is opened meanwhile: a restart must not open this one beside it.
 */
export async function pauseWrites(
  server: RedisServer,
  { version, gate, durationMs, persist }: HoldOptions,
): Promise<Pause> {
  const look: Commands = [
    ["INFO", "replication"],
    ["INFO", "keyspace"],
  ];
  if (pausesWritesOnly(version)) {
    const replies = await server.transaction(["CLIENT", "PAUSE", durationMs, "WRITE"], ...look);
    return readPause(replies);
  }
  const close = [...hideCommands(), ...fenceCommands(gate), ...persist];
  const replies = await server.transaction(...close, ["CLIENT", "PAUSE", FULL_PAUSE_MS], ...look);
  const pause = readPause(replies);
  return { ...pause, offset: pause.offset + PROPAGATED_EXEC_BYTES };
}

/**
 * Makes a hold last until somebody ends it, keeps the proxy away, and reads the offset, in one transaction. Writes that
 * arrive are held, where a fence would refuse them: the server looks at `min-replicas-to-write` before it looks at the
 * pause.
 * @returns the history, and the offset from which nothing can move any more
 */
export async function holdForGood(server: RedisServer): Promise<Handover> {
  const replies = await server.transaction(["CLIENT", "PAUSE", ENDLESS_MS, "WRITE"], ...hideCommands(), [
    "INFO",
    "replication",
  ]);
  const { replid, offset } = replicationStateOf(parseInfo(String(replies.at(-1))));
  return { replid, offset };
}

/** Commands that end a hold; none before 6.2, where it ends by itself. */
export function unpauseCommands(version: string): Commands {
  return pausesWritesOnly(version) ? [["CLIENT", "UNPAUSE"]] : [];
}

function readPause(replies: unknown[]): Pause {
  const { replid, offset } = replicationStateOf(parseInfo(String(replies.at(-2))));
  return {
    replid,
    offset,
    keyspace: keyspaceOf(parseInfo(String(replies.at(-1)))),
  };
}
