import { formatAddress } from "../address.ts";
import { operatorLogin } from "../deployment.ts";
import { RedisServer, RedisServerError } from "../redisServer.ts";
import { until } from "../until.ts";
import type { CutoverInput } from "./cutoverInput.ts";

const LEADS_MS = 5_000;
const CONNECT_MS = 2_000;

/**
 * Waits until the write endpoint leads to the new colour's primary and that takes a write, sending clients there again
 * where they are sent elsewhere.
 * @param runId `run_id` of that primary
 * @throws DeadlineError after five seconds
 */
export async function awaitEndpoint(
  { from, to, traffic, endpoint, credentials }: CutoverInput,
  runId: string | undefined,
): Promise<void> {
  const leadsThere = async (): Promise<true | undefined> => {
    // A check that was under way while the old colour was shut may have put it back.
    if ((await traffic.observe()).target !== to.colour) await traffic.move(from.colour, to.colour);
    const server = await connectOrUndefined(endpoint, to, credentials);
    try {
      if ((await server?.info("server"))?.get("run_id") !== runId) return undefined;
      await server?.call("SET", "redis-bluegreen:probe", "1", "XX");
      return true;
    } finally {
      server?.close();
    }
  };
  const what = `${formatAddress(endpoint)} leads to ${to.colour}`;
  await until(leadsThere, { timeoutMs: LEADS_MS, intervalMs: 50, what });
}

async function connectOrUndefined(
  endpoint: CutoverInput["endpoint"],
  to: CutoverInput["to"],
  credentials: CutoverInput["credentials"],
): Promise<RedisServer | undefined> {
  try {
    return await RedisServer.connect(endpoint, operatorLogin(to.target, credentials), CONNECT_MS);
  } catch (error) {
    if (error instanceof RedisServerError) return undefined;
    throw error;
  }
}
