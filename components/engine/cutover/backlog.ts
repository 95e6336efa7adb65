import { setTimeout as delay } from "node:timers/promises";
import { COVERED_SECONDS, memoryBounds, planBacklog, type BacklogSize } from "../backlogSize.ts";
import { ReplicationStream } from "../backup/replicationStream.ts";
import type { Colour } from "../colour.ts";
import type { Login } from "../credentials.ts";
import { readGate } from "../gate.ts";
import { infoNumber } from "../infoReply.ts";
import { RedisServerError, type RedisServer } from "../redisServer.ts";

/** The write rate is measured over this long; a rate needs a time base. Milliseconds. */
const SAMPLE_MS = 250;
const ATTACH_MS = 10_000;

/**
 * Makes `next`'s replication backlog large enough for what `live` writes in ten minutes, between 16 and 512 MiB, but by no
 * more than its memory has room for. Never shrinks it.
 * @param memoryLimit of `next`'s container in bytes; absent: the machine's memory
 */
export async function sizeBacklog(
  live: RedisServer,
  next: RedisServer,
  memoryLimit?: number,
): Promise<BacklogSize> {
  const before = (await live.replication()).offset;
  const startedAt = performance.now();
  await delay(SAMPLE_MS);
  const after = (await live.replication()).offset;
  const bytesPerSecond = Math.round(((after - before) * 1000) / (performance.now() - startedAt));
  const [info, gate] = await Promise.all([next.info("memory"), readGate(next)]);
  const now = Number((await next.configGet("repl-backlog-size")).get("repl-backlog-size") ?? 0);
  const size = planBacklog(now, bytesPerSecond, memoryBounds(info, gate, memoryLimit));
  if (size.sizeBytes > now) await next.configSet("repl-backlog-size", size.sizeBytes);
  return size;
}

/** For the progress line of a cutover. @param colour the one whose backlog it is */
export function describeBacklog(
  { sizeBytes, bytesPerSecond, onlySeconds }: BacklogSize,
  colour: Colour,
): string {
  const size = `backlog of ${colour} ${sizeBytes} bytes for ${bytesPerSecond} bytes/s`;
  if (onlySeconds === undefined) return size;
  return `${size}, ${onlySeconds} s of them instead of ${COVERED_SECONDS}, as ${colour} has no memory for more: a rollback link that is cut for longer needs a full copy`;
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
