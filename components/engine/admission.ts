import type { Address } from "./address.ts";
import { RedisServer, RedisServerError } from "./redisServer.ts";
import { PROXY_USER } from "./users.ts";

const TIMEOUT_MS = 2_000;

/**
 * Whether a server lets the proxy's clients in, asked as the proxy's own check asks: its user is let in and the role is
 * master. That user has no password, so nobody needs to know one to find out who serves.
 * @returns undefined where the server doesn't answer
 */
export async function admitsClients(address: Address): Promise<boolean | undefined> {
  let server: RedisServer | undefined;
  try {
    server = await RedisServer.connect(address, { username: PROXY_USER }, TIMEOUT_MS);
    const [role] = (await server.call("ROLE")) as [string, ...unknown[]];
    return role === "master";
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return /WRONGPASS|NOPERM/.test(error.message) ? false : undefined;
  } finally {
    server?.close();
  }
}
