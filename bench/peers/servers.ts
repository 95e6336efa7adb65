import { haproxyConfig, PROXY_PORTS } from "../../components/docker/haproxyConfig.ts";
import { redisConf } from "../../components/docker/redisConf.ts";
import type { Address } from "../../components/engine/address.ts";
import type { Colour } from "../../components/engine/colour.ts";
import type { Credentials, Login } from "../../components/engine/credentials.ts";
import type { DeploymentTarget } from "../../components/engine/deploymentTarget.ts";
import { RedisServer, RedisServerError } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import { OPERATOR_USER, REPLICATION_USER } from "../../components/engine/users.ts";
import type { Containers, RunningContainer } from "./containers.ts";

/** The image tags that every contestant upgrades from and to. */
export const VERSIONS: Record<Colour, string> = { blue: "7.0", green: "8.0" };

/** Logins of servers that live for one run, on loopback. */
export const CREDENTIALS: Credentials = {
  application: { username: "default", password: "application-of-the-bench" },
  operator: { username: OPERATOR_USER, password: "operator-of-the-bench" },
  replication: { username: REPLICATION_USER, password: "replication-of-the-bench" },
};

/** Everything is allowed: who prepares rounds, and Sentinel. */
export const ADMIN: Login = { username: "bench-admin", password: "admin-of-the-bench" };

/** A server with the configuration that a stack gives it. */
export interface BenchServer {
  container: RunningContainer;
  target: DeploymentTarget;
  admin: RedisServer;
}

/** A server's first configuration, with the bench's own user beside the stack's. */
function confOf(colour: Colour, version: string): string {
  const conf = redisConf({
    colour,
    version: { product: "redis", version },
    persistence: "rdb",
    redis: {},
    credentials: CREDENTIALS,
  });
  return `${conf}user ${ADMIN.username} on >${ADMIN.password ?? ""} ~* &* +@all\n`;
}

/** Starts the server; its own file is one that it can rewrite. */
export const START_SERVER =
  'mkdir -p /data && printf "%s" "$FILE" > /data/redis.conf && exec redis-server /data/redis.conf';

/** Starts a colour's primary; it is born closed. */
export async function startColour(containers: Containers, colour: Colour): Promise<BenchServer> {
  const version = VERSIONS[colour];
  const container = await containers.start({
    image: `redis:${version}`,
    script: START_SERVER,
    file: confOf(colour, version),
    ports: { 6379: 0 },
  });
  const operator: Address = { host: "127.0.0.1", port: container.port(6379) };
  const admin = await connectWhenUp(operator, ADMIN);
  // A scheduled save would fork in the middle of some rounds and not of others.
  await admin.configSet("save", "");
  return {
    container,
    admin,
    target: {
      colour,
      product: "redis",
      version,
      primary: { operator, peer: { host: container.ip, port: 6379 } },
      replicas: [],
      external: false,
    },
  };
}

/** Connects as soon as the server has its data. */
export function connectWhenUp(address: Address, login: Login, timeoutMs = 120_000): Promise<RedisServer> {
  return until(
    async () => {
      try {
        // Its PING is refused while the server loads.
        return await RedisServer.connect(address, login, 60_000);
      } catch (error) {
        if (error instanceof RedisServerError) return undefined;
        throw error;
      }
    },
    { timeoutMs, intervalMs: 20, what: `127.0.0.1:${address.port} answers` },
  );
}

/** A proxy in front of both colours. */
export interface BenchProxy {
  write: Address;
  runtime: Address;
}

/**
 * Starts a proxy with the configuration that a stack gives it.
 * @param change of that configuration
 */
export async function startProxy(
  containers: Containers,
  servers: Record<Colour, BenchServer>,
  change: (config: string) => string = (config) => config,
): Promise<BenchProxy> {
  const config = haproxyConfig({
    blue: { primary: servers.blue.target.primary.peer },
    green: { primary: servers.green.target.primary.peer },
  });
  const { write, runtime } = PROXY_PORTS;
  const container = await containers.start({
    image: "haproxy:3.0",
    script: 'printf "%s" "$FILE" > /tmp/haproxy.cfg && exec haproxy -W -db -f /tmp/haproxy.cfg',
    file: change(config),
    ports: { [write]: 0, [runtime]: 0 },
  });
  const at = (port: number): Address => ({ host: "127.0.0.1", port: container.port(port) });
  return { write: at(write), runtime: at(runtime) };
}
