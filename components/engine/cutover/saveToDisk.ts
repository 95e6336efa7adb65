import type { Deployment } from "../deployment.ts";
import { infoNumber } from "../infoReply.ts";
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
  let begun = false;
  await until(
    async () => {
      begun ||= await begin(primary);
      return begun && (await isSaved(primary, colour)) ? true : undefined;
    },
    { timeoutMs, intervalMs: 20, what: `${colour} has saved what it holds` },
  );
  return `${colour} has saved what it holds`;
}

/** A save that goes on already may have begun before the copy was there. */
async function begin(server: RedisServer): Promise<boolean> {
  try {
    await server.call("BGSAVE");
    return true;
  } catch (error) {
    if (error instanceof RedisServerError && /in progress|another child process/i.test(error.message))
      return false;
    throw error;
  }
}

async function isSaved(server: RedisServer, colour: string): Promise<boolean> {
  const info = await server.info("persistence");
  if (infoNumber(info, "rdb_bgsave_in_progress") === 1) return false;
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
