import { readRaised, raisedValue } from "./selfDescribing.ts";
import type { RedisServer } from "./redisServer.ts";
import { PROXY_USER } from "./users.ts";

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
}

/** Looks at a server's gate. */
export async function readGate(server: RedisServer): Promise<Gate> {
  const [config, user] = await Promise.all([
    server.configGet(FENCE),
    server.call("ACL", "GETUSER", PROXY_USER) as Promise<unknown[] | null>,
  ]);
  const fence = readRaised(config.get(FENCE));
  const flags = user?.[user.indexOf("flags") + 1];
  return {
    proxyOn: Array.isArray(flags) && flags.includes("on"),
    fenced: fence.raised,
    minReplicas: fence.original,
  };
}

/** Commands that shut the gate, for use inside one MULTI. */
export function closeCommands(gate: Gate): (string | number)[][] {
  return [
    ["CONFIG", "SET", FENCE, raisedValue(gate.minReplicas)],
    ["ACL", "SETUSER", PROXY_USER, "reset", "off", "nopass", "-@all", "+ping", "+role"],
  ];
}

/** Commands that open the gate, for use inside one MULTI. */
export function openCommands(gate: Gate): (string | number)[][] {
  return [
    ["CONFIG", "SET", FENCE, gate.minReplicas],
    ["ACL", "SETUSER", PROXY_USER, "reset", "on", "nopass", "-@all", "+ping", "+role"],
  ];
}

/** Lets the proxy send readers to a replica, or keeps them away. */
export async function setReadable(replica: RedisServer, readable: boolean): Promise<void> {
  if ((await readGate(replica)).proxyOn === readable) return;
  const state = readable ? "on" : "off";
  await replica.call("ACL", "SETUSER", PROXY_USER, "reset", state, "nopass", "-@all", "+ping", "+role");
  await replica.configRewrite();
}
