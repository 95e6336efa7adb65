import type { Deployment } from "../deployment.ts";
import { infoNumber, type InfoFields } from "../infoReply.ts";
import { RefusedError } from "../progress.ts";
import { RedisServerError, type RedisServer } from "../redisServer.ts";
import { until } from "../until.ts";

/**
 * Has a colour write to its disk what it holds. A copy that it received over the network is in none of its files: a
 * server that is killed before its first save comes back empty, and a colour that follows it is emptied after it.
 * @returns what was done, as a clause
 * @throws RefusedError where the save fails, DeadlineError where it takes longer than `timeoutMs`
 */
export async function saveToDisk({ colour, primary }: Deployment, timeoutMs: number): Promise<string> {
  const config = await primary.configGet("save", "appendonly");
  if (config.get("appendonly") === "yes") {
    await until(() => isRewritten(primary, colour), {
      timeoutMs,
      intervalMs: 50,
      what: `${colour} has written its append-only file anew`,
    });
    return `${colour} has everything in its append-only file`;
  }
  if (config.get("save") === "") return `${colour} keeps nothing on disk, as it is configured`;
  let before: string | undefined;
  await until(
    async () => {
      const info = await primary.info("persistence");
      if (infoNumber(info, "rdb_bgsave_in_progress") === 1) return undefined;
      const last = info.get("rdb_last_save_time") ?? "";
      if (before !== undefined && isSaved(info, colour) && last !== before) return true;
      before = last;
      await beginSaving(primary);
      return undefined;
    },
    { timeoutMs, intervalMs: 20, what: `${colour} has saved what it holds` },
  );
  return `${colour} has saved what it holds`;
}

/** While another child process is at work the server begins no save, and is asked again. */
async function beginSaving(server: RedisServer): Promise<void> {
  try {
    await server.call("BGSAVE");
  } catch (error) {
    const isBusy =
      error instanceof RedisServerError && /in progress|another child process/i.test(error.message);
    if (!isBusy) throw error;
  }
}

/** A save that a full copy for a replica put an end to counts as ok, and leaves the time of the last one. */
function isSaved(info: InfoFields, colour: string): boolean {
  if (info.get("rdb_last_bgsave_status") === "ok") return true;
  throw new RefusedError(
    `${colour} can't save what it holds (BGSAVE failed): look into its log and its disk's free space`,
  );
}

/** A replica writes its append-only file anew after a full copy. */
async function isRewritten(server: RedisServer, colour: string): Promise<true | undefined> {
  const info = await server.info("persistence");
  if (infoNumber(info, "aof_rewrite_in_progress") + infoNumber(info, "aof_rewrite_scheduled") > 0)
    return undefined;
  if (info.get("aof_last_bgrewrite_status") === "ok") return true;
  throw new RefusedError(
    `${colour} can't write its append-only file anew: look into its log and its disk's free space`,
  );
}
