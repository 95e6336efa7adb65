import { infoNumber } from "../../../components/engine/infoReply.ts";
import { until } from "../../../components/engine/until.ts";
import type { RedisServer } from "../../../components/engine/redisServer.ts";
import { colourOf, DEFAULTS, inContainer, type Fault, type Scene } from "./fault.ts";

/** For a server that loads its data first, and a save or two. */
const SAVED_MS = 30_000;

/** CONFIG REWRITE fails, and nothing else does: a folder stands where the file was. */
export function unwritable(part: "old" | "new"): Fault {
  return {
    ...DEFAULTS,
    lastsMs: Infinity,
    manner: "resend",
    make: async (scene) => {
      await inContainer(part, scene, "mv /data/redis.conf /data/kept.conf && mkdir -p /data/redis.conf/full");
      return () => inContainer(part, scene, "rm -r /data/redis.conf && mv /data/kept.conf /data/redis.conf");
    },
  };
}

/**
 * Not a byte is left where the server keeps its files, and it finds out soon, since it is made to save every second: a
 * live server then refuses writes, a standby of Redis 7.0 or newer stops with `Replica was unable to write command to
 * disk` and is restarted by Docker.
 */
export function diskFull(part: "old" | "new"): Fault {
  return {
    ...DEFAULTS,
    lastsMs: Infinity,
    ground: "small disk",
    needs: "mounts",
    make: async (scene) => {
      const save = await withServer(part, scene, (server) => server.configGet("save"));
      await inContainer(part, scene, "cat /dev/zero >/data/filler || true");
      await withServer(part, scene, (server) => server.configSet("save", "1 1"));
      return () => empty(part, scene, save.get("save") ?? "");
    },
  };
}

/**
 * What the operator does: makes room and has the server save, so that it takes writes again. One that Docker restarted in
 * between saves by its own rules again, and a save that began while there was no room may still be on its way to failing: so
 * it is told to, until one that began since then has succeeded.
 */
async function empty(part: "old" | "new", scene: Scene, save: string): Promise<void> {
  await inContainer(part, scene, "rm -f /data/filler");
  const roomSince = Date.now() / 1_000;
  const saved = (): Promise<true | undefined> =>
    withServer(part, scene, async (server) => {
      const state = await server.info("persistence");
      if (state.get("loading") === "1" || state.get("rdb_bgsave_in_progress") === "1") return undefined;
      if (
        state.get("rdb_last_bgsave_status") !== "ok" ||
        infoNumber(state, "rdb_last_save_time") <= roomSince
      ) {
        await server.call("BGSAVE");
        return undefined;
      }
      await server.configSet("save", save);
      return true;
    });
  await until(() => saved().catch(() => undefined), {
    timeoutMs: SAVED_MS,
    intervalMs: 100,
    what: "the server saves again",
  });
}

function withServer<T>(
  part: "old" | "new",
  { stack, to }: Scene,
  use: (server: RedisServer) => Promise<T>,
): Promise<T> {
  return stack.withServer(colourOf(part, to), use);
}
