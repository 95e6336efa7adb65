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
  return (info.get("maxmemory_policy") ?? "noeviction") !== "noeviction";
}
