import { closeCommands, type Gate } from "../gate.ts";
import { parseInfo } from "../infoReply.ts";
import { keyspaceOf, replicationStateOf, type Keyspace, type RedisServer } from "../redisServer.ts";
import { atLeast } from "../serverVersion.ts";

/** A hold of writes on a server. */
export interface Pause {
  /** The offset that holds every write which was acknowledged; nothing is written behind it while the pause lasts. */
  offset: number;
  /** Keys per database at that offset. */
  keyspace: Keyspace;
  /** When the server lets go by itself, on this process's monotonic clock, in milliseconds. */
  endsAt: number;
  /** The server's gate as it was before. */
  gate: Gate;
}

/** Before 6.2 a pause holds everything, this connection too, and can't be ended: so it is short. Milliseconds. */
const FULL_PAUSE_MS = 150;

/** The EXEC that a 6.0 primary sends to its replicas after the transaction below; measured with 6.0.16. */
const PROPAGATED_EXEC_BYTES = 14;

/** Whether the server can hold writes alone, and let go on demand. */
export function pausesWritesOnly(version: string): boolean {
  return atLeast(version, "6.2");
}

/**
 * Holds writes and reads the offset in one transaction, so that no write can come between. Calling it again renews
 * the pause. Before 6.2 the gate is closed in the same transaction, since the pause is too short to do it later.
 */
export async function pauseWrites(
  server: RedisServer,
  version: string,
  gate: Gate,
  durationMs: number,
): Promise<Pause> {
  const startedAt = performance.now();
  if (pausesWritesOnly(version)) {
    const replies = await server.transaction(
      ["CLIENT", "PAUSE", durationMs, "WRITE"],
      ["INFO", "replication"],
      ["INFO", "keyspace"],
    );
    return { ...readPause(replies, 1, 0), endsAt: startedAt + durationMs, gate };
  }
  const close = closeCommands(gate);
  const replies = await server.transaction(
    ...close,
    ["CLIENT", "PAUSE", FULL_PAUSE_MS],
    ["INFO", "replication"],
    ["INFO", "keyspace"],
  );
  return {
    ...readPause(replies, close.length + 1, PROPAGATED_EXEC_BYTES),
    endsAt: startedAt + FULL_PAUSE_MS,
    gate,
  };
}

/** Lets writes go on at once; where the version can't, they go on when the pause ends by itself. */
export async function resumeWrites(server: RedisServer, version: string): Promise<void> {
  if (pausesWritesOnly(version)) await server.call("CLIENT", "UNPAUSE");
}

function readPause(replies: unknown[], at: number, propagated: number): Pick<Pause, "offset" | "keyspace"> {
  return {
    offset: replicationStateOf(parseInfo(String(replies[at]))).offset + propagated,
    keyspace: keyspaceOf(parseInfo(String(replies[at + 1]))),
  };
}
