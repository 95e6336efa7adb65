import { infoNumber } from "../../components/engine/infoReply.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";

const WAIT = { timeoutMs: 60_000, intervalMs: 50 };

/** Whether a server keeps a replication backlog. */
export async function hasBacklog(server: RedisServer): Promise<boolean> {
  return infoNumber(await server.info("replication"), "repl_backlog_active") === 1;
}

/** Waits until a server has ended its backlog, and with it the name of its history. */
export async function backlogEnds(server: RedisServer): Promise<void> {
  const ended = async (): Promise<true | undefined> => ((await hasBacklog(server)) ? undefined : true);
  await until(ended, { ...WAIT, what: "the backlog ends" });
}

/**
 * Waits until a server that has no replica would have ended its backlog; it looks once a second.
 * @param ttl `repl-backlog-ttl`, seconds
 */
export async function backlogWouldEnd(server: RedisServer, ttl: number): Promise<void> {
  const uptime = async (): Promise<number> => infoNumber(await server.info("server"), "uptime_in_seconds");
  const begin = await uptime();
  const over = async (): Promise<true | undefined> => ((await uptime()) > begin + ttl + 2 ? true : undefined);
  await until(over, { ...WAIT, what: "the backlog would have ended" });
}
