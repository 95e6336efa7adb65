import type { Address } from "./address.ts";
import { infoNumber, parsePairs, type InfoFields } from "./infoReply.ts";

/** What INFO replication says, with the same names for a primary and a replica. Offsets in bytes. */
export interface ReplicationState {
  role: "master" | "replica";
  /** Replication ID of the history that this server is on. */
  replid: string;
  /** Where this server stands: what it sent as a master, what it applied as a replica. */
  offset: number;
  /** The history that it was on before its last promotion, and the first offset that is no longer that history. */
  replid2: string;
  secondOffset: number;
  /** As a replica: whom it follows, and whether the link is up. */
  following?: Address;
  linkUp: boolean;
  /** As a replica: a full copy is being received. */
  syncInProgress: boolean;
  /** As a master: the replicas that are attached. */
  replicas: AttachedReplica[];
}

/** A line `slaveN:` of INFO replication. */
export interface AttachedReplica {
  address: Address;
  state: string;
  /** The offset of its last acknowledgement, at most a second old. */
  offset: number;
}

/** Reads the `replication` section of INFO. */
export function replicationStateOf(fields: InfoFields): ReplicationState {
  const isMaster = fields.get("role") === "master";
  const state: ReplicationState = {
    role: isMaster ? "master" : "replica",
    replid: fields.get("master_replid") ?? "",
    offset: infoNumber(fields, isMaster ? "master_repl_offset" : "slave_repl_offset"),
    replid2: fields.get("master_replid2") ?? "",
    secondOffset: infoNumber(fields, "second_repl_offset"),
    linkUp: fields.get("master_link_status") === "up",
    syncInProgress: fields.get("master_sync_in_progress") === "1",
    replicas: [],
  };
  const host = fields.get("master_host");
  if (!isMaster && host !== undefined) state.following = { host, port: infoNumber(fields, "master_port") };
  for (const [name, value] of fields) {
    if (!/^slave\d+$/.test(name)) continue;
    const replica = parsePairs(value);
    state.replicas.push({
      address: { host: replica.get("ip") ?? "", port: Number(replica.get("port") ?? 0) },
      state: replica.get("state") ?? "",
      offset: Number(replica.get("offset") ?? 0),
    });
  }
  return state;
}
