import type { Address } from "../../components/engine/address.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import type { ClientEndpoint } from "../../test/support/workload/endpoint.ts";
import type { ClientTarget } from "./clients/messages.ts";
import type { Scene } from "./scene.ts";
import { ADMIN, connectWhenUp, CREDENTIALS, type BenchProxy } from "./servers.ts";

/** An address with the login that applications have on every server of the bench. */
export function auditEndpoint({ host, port }: Address): ClientEndpoint {
  return { host, port, password: CREDENTIALS.application.password ?? "" };
}

/** Clients that connect to a proxy. */
export function throughProxy(proxy: BenchProxy): ClientTarget {
  return { kind: "endpoint", endpoint: auditEndpoint(proxy.write) };
}

/** Green, as a contestant's clients are to be found on it. */
export async function onGreen({ green }: Scene): Promise<{ server: string; auditAt: ClientEndpoint }> {
  const { operator } = green.target.primary;
  // Not the scene's own connection: Sentinels close it.
  const server = await connectWhenUp(operator, ADMIN);
  try {
    return { server: await runIdOf(server), auditAt: auditEndpoint(operator) };
  } finally {
    server.close();
  }
}

/** Tells a server from every other one, and from itself before a restart. */
export async function runIdOf(server: RedisServer | undefined): Promise<string> {
  const id = (await server?.info("server"))?.get("run_id");
  if (id === undefined) throw new Error("the server has no run ID");
  return id;
}
