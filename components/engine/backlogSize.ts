import type { Gate } from "./gate.ts";
import { infoNumber, type InfoFields } from "./infoReply.ts";
import { countedMemory, limitWhenOpen, processLimit } from "./memory.ts";

/** How long the standby may be away and still continue from the backlog. Seconds. */
export const COVERED_SECONDS = 600;
const SMALLEST_BYTES = 16 * 1024 * 1024;
const LARGEST_BYTES = 512 * 1024 * 1024;
/**
 * The backlog may take one part in so many of what is free. It counts against `maxmemory`, all of it at once before 7.0 and
 * as it fills from then on (measured: Redis 6.0.16, 7.0.15, 8.0.2), and the container's limit has to hold a save's copy too.
 */
const PARTS = 4;

/** What a backlog is set to, and for which write rate. */
export interface BacklogSize {
  sizeBytes: number;
  bytesPerSecond: number;
  /** For how long it covers what is written, where memory allows less than wanted; absent: for as long as wanted. */
  onlySeconds?: number;
}

/** A bound of a server's memory, and what is in use of it beside the backlog. Bytes. */
export interface MemoryBound {
  limit: number;
  used: number;
  /** The kernel ends a process that takes more, where beyond `maxmemory` writes are refused or keys evicted. */
  endsProcess?: true;
}

/** As large as wanted and affordable, and never smaller than it is. @param now its size, in bytes */
export function planBacklog(
  now: number,
  bytesPerSecond: number,
  bounds: readonly MemoryBound[],
): BacklogSize {
  const sizeBytes = Math.max(now, affordableBacklog(wantedBacklog(bytesPerSecond), bounds));
  const onlySeconds = shortBacklogSeconds(sizeBytes, bytesPerSecond);
  return { sizeBytes, bytesPerSecond, ...(onlySeconds === undefined ? {} : { onlySeconds }) };
}

/** How large a backlog should be for this rate, whatever memory there is. Bytes. */
export function wantedBacklog(bytesPerSecond: number): number {
  return Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, bytesPerSecond * COVERED_SECONDS));
}

/**
 * How much of the wanted backlog there is room for: a quarter of what is free, yet 16 MiB, or a quarter of a bound that is
 * smaller than 64 MiB, also where nothing is; but never more than half of what is free of a process's limit. Bytes.
 */
export function affordableBacklog(wanted: number, bounds: readonly MemoryBound[]): number {
  const parts = bounds.map(({ limit, used, endsProcess }) => {
    const free = Math.max(0, limit - used);
    const least = Math.min(SMALLEST_BYTES, limit / PARTS, endsProcess ? free / 2 : Infinity);
    return Math.max(free / PARTS, least);
  });
  return Math.floor(Math.min(wanted, ...parts));
}

/** For how long a backlog covers what is written, in seconds, where memory makes that less than wanted; else undefined. */
export function shortBacklogSeconds(size: number, bytesPerSecond: number): number | undefined {
  const seconds = Math.floor(size / Math.max(1, bytesPerSecond));
  return size < wantedBacklog(bytesPerSecond) && seconds < COVERED_SECONDS ? seconds : undefined;
}

/**
 * What bounds a server's memory: `maxmemory`, and its process's limit.
 * @param info with the section `memory`
 * @param memoryLimit of its container in bytes; absent: the machine's memory
 */
export function memoryBounds(info: InfoFields, gate: Pick<Gate, "fed">, memoryLimit?: number): MemoryBound[] {
  const backlog = infoNumber(info, "mem_replication_backlog");
  const used = infoNumber(info, "used_memory") - backlog;
  const bounds: MemoryBound[] = [
    { limit: limitWhenOpen(info, gate).maxmemory, used: countedMemory(info) - backlog },
    { limit: processLimit(info, memoryLimit), used, endsProcess: true },
  ];
  return bounds.filter(({ limit }) => limit > 0);
}
