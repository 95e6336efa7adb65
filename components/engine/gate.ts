import { readRaised, raisedValue } from "./selfDescribing.ts";
import type { RedisServer } from "./redisServer.ts";
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
}

/** Looks at a server's gate. */
export async function readGate(server: RedisServer): Promise<Gate> {
  const [config, user, replicationUser] = await Promise.all([
    server.configGet(FENCE),
    server.call("ACL", "GETUSER", PROXY_USER) as Promise<unknown[] | null>,
    server.call("ACL", "GETUSER", REPLICATION_USER),
  ]);
  const fence = readRaised(config.get(FENCE));
  const flags = user?.[user.indexOf("flags") + 1];
  return {
    proxyOn: Array.isArray(flags) && flags.includes("on"),
    fenced: fence.raised,
    minReplicas: fence.original,
    replicationUser: replicationUser !== null,
  };
}

/** Commands for one MULTI. */
export type Commands = (string | number)[][];

/** Keeps the proxy away. */
export function hideCommands(): Commands {
  return [["ACL", "SETUSER", PROXY_USER, "reset", "off", "nopass", "-@all", "+ping", "+role"]];
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
