import { setTimeout as delay } from "node:timers/promises";
import type { RedisServer } from "../redisServer.ts";

/** How long the standby may be away and still continue from the backlog. Seconds. */
const COVERED_SECONDS = 600;
/** The write rate is measured over this long; a rate needs a time base. Milliseconds. */
const SAMPLE_MS = 250;
const SMALLEST_BYTES = 16 * 1024 * 1024;
const LARGEST_BYTES = 512 * 1024 * 1024;

/** What the backlog was set to, and for which write rate. */
export interface BacklogSize {
  sizeBytes: number;
  bytesPerSecond: number;
}

/**
 * Makes `next`'s replication backlog large enough for what `live` writes in ten minutes, between 16 and 512 MiB.
 * Never shrinks it.
 */
export async function sizeBacklog(live: RedisServer, next: RedisServer): Promise<BacklogSize> {
  const before = (await live.replication()).offset;
  const startedAt = performance.now();
  await delay(SAMPLE_MS);
  const after = (await live.replication()).offset;
  const bytesPerSecond = Math.round(((after - before) * 1000) / (performance.now() - startedAt));
  const wanted = Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, bytesPerSecond * COVERED_SECONDS));
  const now = Number((await next.configGet("repl-backlog-size")).get("repl-backlog-size") ?? 0);
  if (now < wanted) await next.configSet("repl-backlog-size", wanted);
  return { sizeBytes: Math.max(now, wanted), bytesPerSecond };
}
