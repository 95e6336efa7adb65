import { HANDED_OVER, handoverIn, keyPatterns, UNOPENED, type Handover } from "./handover.ts";
import { readRaised, raisedValue } from "./selfDescribing.ts";
import { isWithoutFile, type RedisServer } from "./redisServer.ts";
import { PROXY_USER, REPLICATION_USER } from "./users.ts";

/** The directive that fences a primary; its older name is an alias from Redis 5.0 on. */
const FENCE = "min-replicas-to-write";

/** The persisted part of what lets clients' writes into a server; its role is the other part. */
export interface Gate {
  /** The proxy's user is enabled: the proxy sends clients here. */
  proxyOn: boolean;
  /** Writes are refused, by more replicas being demanded than there can be. */
  fenced: boolean;
  /** `min-replicas-to-write` as the user wants it. */
  minReplicas: number;
  /** Whether the server has this project's replication user; an existing server doesn't. */
  replicationUser: boolean;
  /** A cutover made this server a primary and nobody opened it since: what it wrote by itself is expiry at most. */
  unopened?: boolean;
  /** A cutover closed this server for good, once another one held every byte of this history up to the offset. */
  handedOver?: Handover;
  /** It was live, and the update that made it so went back because its bake failed: the name of that. */
  rolledBack?: string;
}

export type { Handover } from "./handover.ts";

/**
 * Notes for whoever finds a server after the driver of its cutover died. They are kept as a key pattern of the proxy's
 * user, who may not use any key: so they are written to the server's file together with the gate, survive a restart,
 * which gives a primary another replication ID, and go when the gate is opened.
 */
const ROLLED_BACK = "redis-bluegreen:rolled-back:";

/** Looks at a server's gate. */
export async function readGate(server: RedisServer): Promise<Gate> {
  const [config, user, replicationUser] = await Promise.all([
    server.configGet(FENCE),
    server.call("ACL", "GETUSER", PROXY_USER) as Promise<unknown[] | null>,
    server.call("ACL", "GETUSER", REPLICATION_USER),
  ]);
  const fence = readRaised(config.get(FENCE));
  const flags = user?.[user.indexOf("flags") + 1];
  const proxyOn = Array.isArray(flags) && flags.includes("on");
  const notes = proxyOn ? [] : keyPatterns(user?.[user.indexOf("keys") + 1]);
  const handedOver = handoverIn(notes);
  const rolledBack = notes.find((note) => note.startsWith(ROLLED_BACK))?.slice(ROLLED_BACK.length);
  return {
    proxyOn,
    fenced: fence.raised,
    minReplicas: fence.original,
    replicationUser: replicationUser !== null,
    ...(fence.raised && notes.includes(UNOPENED) ? { unopened: true } : {}),
    ...(handedOver === undefined ? {} : { handedOver }),
    ...(rolledBack === undefined ? {} : { rolledBack }),
  };
}

/** Commands for one MULTI. */
export type Commands = (string | number)[][];

/**
 * Keeps the proxy away and wipes notes. The proxy's connections are ended as well: a check that had logged in before
 * would still be told the role, and have the proxy send clients here until three more checks have failed.
 * @param notes kept as key patterns of the proxy's user
 */
export function hideCommands(...notes: string[]): Commands {
  const patterns = notes.map((note) => `~${note}`);
  return [
    ["ACL", "SETUSER", PROXY_USER, "reset", "off", "nopass", "-@all", "+ping", "+role", ...patterns],
    ["CLIENT", "KILL", "USER", PROXY_USER],
  ];
}

/** Makes a closed standby a primary that is still closed, and notes that. */
export function promoteCommands(gate: Gate): Commands {
  return [...hideCommands(UNOPENED), ...fenceCommands(gate), ["REPLICAOF", "NO", "ONE"]];
}

/**
 * Writes to the server's file that it is closed, so that it comes back so after a restart. In memory the fence stays as
 * it is: a server whose writes are held would begin to refuse them instead.
 * @param handedOver noted with it, where another server holds every byte
 * @returns false where the server was started without a file
 */
export async function persistClosed(
  server: RedisServer,
  gate: Gate,
  handedOver?: Handover,
): Promise<boolean> {
  const notes = handedOver === undefined ? [] : [`${HANDED_OVER}${handedOver.replid}:${handedOver.offset}`];
  try {
    await server.transaction(
      ...hideCommands(...notes),
      ...fenceCommands(gate),
      ["CONFIG", "REWRITE"],
      ["CONFIG", "SET", FENCE, gate.fenced ? raisedValue(gate.minReplicas) : gate.minReplicas],
    );
    await server.saveUsers();
    return true;
  } catch (error) {
    if (isWithoutFile(error)) return false;
    throw error;
  }
}

/** Notes on a standby that it was tried and left again; the next promotion wipes it. */
export async function noteRolledBack(standby: RedisServer, id: string): Promise<void> {
  await standby.call("ACL", "SETUSER", PROXY_USER, `~${ROLLED_BACK}${id}`);
  await standby.configRewrite();
}

/** Refuses every write, for good. */
export function fenceCommands(gate: Gate): Commands {
  return [["CONFIG", "SET", FENCE, raisedValue(gate.minReplicas)]];
}

/** Lets clients in, by the proxy and with their writes, and replicas copy. */
export function openCommands(gate: Gate): Commands {
  return [
    ["CONFIG", "SET", FENCE, gate.minReplicas],
    ...allowReplicationCommands(gate),
    ["ACL", "SETUSER", PROXY_USER, "reset", "on", "nopass", "-@all", "+ping", "+role"],
  ];
}

/** Lets replicas copy from a server that was born closed. */
export function allowReplicationCommands(gate: Gate): Commands {
  return gate.replicationUser ? [["ACL", "SETUSER", REPLICATION_USER, "on"]] : [];
}

/** Lets the proxy send readers to a replica, or keeps them away. */
export async function setReadable(replica: RedisServer, readable: boolean): Promise<void> {
  if ((await readGate(replica)).proxyOn === readable) return;
  const state = readable ? "on" : "off";
  await replica.call("ACL", "SETUSER", PROXY_USER, "reset", state, "nopass", "-@all", "+ping", "+role");
  await replica.configRewrite();
}
