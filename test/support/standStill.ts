import type { Colour } from "../../components/engine/colour.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import type { TestStack } from "./testStack.ts";

/** A server of a stack: its colour, and 0 for the primary or the replica's number. */
export type ServerOfStack = readonly [Colour, number];

/** What servers do by themselves, as they have it and as they have it while they are compared. */
const BY_THEMSELVES = [
  ["repl-ping-replica-period", 10, 3_600],
  // Without a PING a link would count as dead after it.
  ["repl-timeout", 60, 7_200],
  ["save", "3600 1 300 100 60 10000", ""],
] as const;

/**
 * PINGs move offsets, scheduled saves reset counters and a replica that is new is still copied to, whoever looks: nothing
 * of that happens while two looks are compared. Nobody may be writing.
 * @param still false: everything as it was
 */
export async function standStill(
  stack: TestStack,
  servers: readonly ServerOfStack[],
  still: boolean,
): Promise<void> {
  for (const [colour, index] of servers) {
    const set = async (server: RedisServer): Promise<void> => {
      for (const [name, moving, quiet] of BY_THEMSELVES) await server.configSet(name, still ? quiet : moving);
    };
    await stack.withServer(colour, set, index);
  }
  if (!still) return;
  await awaitFollowed(stack, servers);
  // Only now: a full copy to a replica is a save too.
  for (const [colour, index] of servers) await stack.withServer(colour, awaitNoSave, index);
}

async function awaitNoSave(server: RedisServer): Promise<void> {
  const isOver = async (): Promise<true | undefined> =>
    (await server.info("persistence")).get("rdb_bgsave_in_progress") === "0" ? true : undefined;
  await until(isOver, { timeoutMs: 60_000, intervalMs: 50, what: "no save is running" });
}

/** Waits until whoever follows, through however many links, has every byte of its history, and its leader knows. */
async function awaitFollowed(stack: TestStack, servers: readonly ServerOfStack[]): Promise<void> {
  const isFollowed = async (): Promise<true | undefined> => {
    const states = await Promise.all(
      servers.map(([colour, index]) => stack.withServer(colour, (server) => server.replication(), index)),
    );
    const ends = new Map(
      states.flatMap(({ role, replid, offset }) => (role === "master" ? [[replid, offset]] : [])),
    );
    const followers = states.filter(({ role }) => role === "replica");
    const follow = followers.every(({ linkUp, replid, offset }) => linkUp && ends.get(replid) === offset);
    const isKnown = states.every(({ replicas }) => replicas.every(({ state }) => state === "online"));
    return follow && isKnown ? true : undefined;
  };
  await until(isFollowed, { timeoutMs: 60_000, intervalMs: 100, what: "every replica has every byte" });
}
