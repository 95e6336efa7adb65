import { GenericContainer, Wait, type StartedTestContainer } from "testcontainers";
import type { Login } from "../../components/engine/credentials.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { OPERATOR_USER } from "../../components/engine/users.ts";
import { until } from "../../components/engine/until.ts";

/** What copying and comparing need, and nothing else; what a test needs beyond it goes through `admin`. */
const READING_RIGHTS =
  "~* -@all +@read +ping +info +select +time +client +psync +replconf +config|get +acl|list";

/** The operator's login on every test server. */
export const OPERATOR: Login = { username: OPERATOR_USER, password: "operator-password-of-this-test" };

/** A server outside of any stack. */
export interface TestServer {
  container: StartedTestContainer;
  /** Everything allowed. */
  admin: RedisServer;
  /** With reading rights only. */
  operator: RedisServer;
  /** Where other containers reach it. */
  peer: { host: string; port: number };
  stop(): Promise<void>;
}

/** Starts one; no heartbeats and no saves of its own, so that offsets and files rest. */
export async function startServer(image: string, ...config: string[]): Promise<TestServer> {
  const lines = [
    "save ''",
    "protected-mode no",
    "repl-ping-replica-period 3600",
    "repl-diskless-sync-delay 0",
    `user ${OPERATOR_USER} on >${OPERATOR.password ?? ""} ${READING_RIGHTS}`,
    ...config,
  ];
  const binary = image.startsWith("valkey") ? "valkey-server" : "redis-server";
  const container = await new GenericContainer(image)
    .withCommand([
      "sh",
      "-c",
      `printf "${lines.join("\\n")}" > /tmp/redis.conf && exec ${binary} /tmp/redis.conf`,
    ])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  const address = { host: "127.0.0.1", port: container.getMappedPort(6379) };
  const admin = await RedisServer.connect(address, { username: "default" }, 20_000);
  const operator = await RedisServer.connect(address, OPERATOR, 20_000);
  return {
    container,
    admin,
    operator,
    peer: { host: container.getIpAddress("bridge"), port: 6379 },
    async stop() {
      admin.close();
      operator.close();
      await container.stop({ timeout: 0 });
    },
  };
}

/** Lets `replica` follow `master` and waits until it has everything. */
export async function follow(replica: TestServer, master: TestServer): Promise<void> {
  await replica.admin.call("REPLICAOF", master.peer.host, master.peer.port);
  await inSync(replica, master);
}

/** Waits until the replica stands where the master stands now. */
export async function inSync(replica: TestServer, master: TestServer): Promise<void> {
  const { offset } = await master.admin.replication();
  const probe = async (): Promise<true | undefined> => {
    const state = await replica.admin.replication();
    return state.linkUp && state.offset >= offset ? true : undefined;
  };
  await until(probe, { timeoutMs: 60_000, intervalMs: 20, what: "the replica is in sync" });
}
