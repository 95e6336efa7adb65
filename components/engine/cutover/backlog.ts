import { setTimeout as delay } from "node:timers/promises";
import { ReplicationStream } from "../backup/replicationStream.ts";
import type { Login } from "../credentials.ts";
import { infoNumber } from "../infoReply.ts";
import { RedisServerError, type RedisServer } from "../redisServer.ts";

/** How long the standby may be away and still continue from the backlog. Seconds. */
const COVERED_SECONDS = 600;
/** The write rate is measured over this long; a rate needs a time base. Milliseconds. */
const SAMPLE_MS = 250;
const ATTACH_MS = 10_000;
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

/**
 * Makes a primary keep a backlog that never had a replica, so that the bridge can go on from where it is promoted: it
 * begins with the first attachment, which ends again before a copy is made (with `repl-diskless-sync`, the default from
 * 7.0 on; before, the server saves once for nobody).
 */
export async function keepBacklog(server: RedisServer, login: Login): Promise<void> {
  if (infoNumber(await server.info("replication"), "repl_backlog_active") === 1) return;
  const stream = await ReplicationStream.open(server.address, AbortSignal.timeout(ATTACH_MS));
  try {
    await stream.command("AUTH", login.username, login.password ?? "nopass");
    await stream.command("REPLCONF", "capa", "eof", "capa", "psync2");
    let answer = await stream.command("PSYNC", "?", "-1");
    // A bare newline says that it is still there.
    while (answer === "") answer = await stream.line();
    if (!answer.startsWith("+FULLRESYNC")) throw new RedisServerError(`PSYNC: ${answer}`);
  } finally {
    stream.close();
  }
}
