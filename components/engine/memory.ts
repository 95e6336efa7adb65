import type { Gate } from "./gate.ts";
import { infoNumber, type InfoFields } from "./infoReply.ts";

/**
 * Bytes of a server that count against `maxmemory`. Of its replication buffers that is the backlog, up to its configured
 * size; what replicas and its append-only file are yet to get does not count (measured: Redis 6.0.16, 7.0.15, 8.0.2).
 */
export function countedMemory(info: InfoFields): number {
  return infoNumber(info, "used_memory") - infoNumber(info, "mem_not_counted_for_evict");
}

/** Whether it drops keys when it is full, rather than refuses writes. */
export function evictsKeys(info: InfoFields): boolean {
  return isEviction(info.get("maxmemory_policy") ?? "noeviction");
}

/** What limits a server's data. */
export interface DataLimit {
  /** Bytes; 0: none. */
  maxmemory: number;
  /** A full server drops keys, rather than refuses writes. */
  evicts: boolean;
}

/** The limit that counts once it is open: while the bridge feeds it there is none, which comes back then. */
export function limitWhenOpen(info: InfoFields, { fed }: Pick<Gate, "fed">): DataLimit {
  const kept = fed?.limit;
  if (kept === undefined) return { maxmemory: infoNumber(info, "maxmemory"), evicts: evictsKeys(info) };
  return { maxmemory: Number(kept.bytes), evicts: isEviction(kept.policy) };
}

/** What a server's process may take, in bytes: its container's limit, else the machine's memory. */
export function processLimit(info: InfoFields, memoryLimit?: number): number {
  return memoryLimit ?? infoNumber(info, "total_system_memory");
}

function isEviction(policy: string): boolean {
  return policy !== "noeviction";
}
