import { GenericContainer, Wait, type StartedTestContainer } from "testcontainers";
import { defaultImage, type Persistence } from "../../components/arguments.ts";
import { redisConf } from "../../components/docker/redisConf.ts";
import type { Colour } from "../../components/engine/colour.ts";
import type { Credentials, Login } from "../../components/engine/credentials.ts";
import type { CutoverInput } from "../../components/engine/cutover/cutoverInput.ts";
import type { Deployment } from "../../components/engine/deployment.ts";
import type { DeploymentTarget } from "../../components/engine/deploymentTarget.ts";
import { follow } from "../../components/engine/follow.ts";
import { openCommands, readGate } from "../../components/engine/gate.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";
import { NO_TRAFFIC } from "../../components/engine/traffic.ts";
import { until } from "../../components/engine/until.ts";
import { OPERATOR_USER, REPLICATION_USER } from "../../components/engine/users.ts";
import { PATIENT_GUARDRAILS } from "./patientGuardrails.ts";

/** The users of a born server. Passwords with what a configuration file needs quoted. */
export const CREDENTIALS: Credentials = {
  application: { username: "default", password: 'application "of" this test' },
  operator: { username: OPERATOR_USER, password: "operator\\of this 'test'" },
  replication: { username: REPLICATION_USER, password: 'replication "of" \\this\\ test' },
};

/** The configuration that the server keeps. */
const FILE = "/data/redis.conf";

const ADMIN: Login = { username: "test-admin", password: "test-admin" };

/** A server that was started with the configuration that this project makes. */
export interface BornServer {
  container: StartedTestContainer;
  target: DeploymentTarget;
  /** A user that only the test has: everything is allowed. */
  admin: RedisServer;
  as(login: Login): Promise<RedisServer>;
  /** What its configuration file says. */
  file(): Promise<string>;
  /** Kills it and connects `admin` anew once it is back with what its files hold. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** What a born server may be told beyond its version. */
export interface Birth {
  /** Default `rdb`. */
  persistence?: Persistence;
  /** Settings by name. */
  redis?: Record<string, string>;
}

/**
 * Starts a primary of this version as a stack would; it is born closed. Should it be killed, it is started again from its
 * own files.
 */
export async function bearServer(
  colour: Colour,
  version: ServerVersion,
  { persistence = "rdb", redis = {} }: Birth = {},
): Promise<BornServer> {
  const conf = redisConf({ colour, version, persistence, redis, credentials: CREDENTIALS });
  const file = `${conf}user ${ADMIN.username} on >${ADMIN.password ?? ""} ~* +@all\n`;
  // 137: ended by SIGKILL. One that can't start ends the container.
  const again = `while ${version.product}-server ${FILE}; [ $? -eq 137 ]; do :; done`;
  const container = await new GenericContainer(defaultImage(version.product, version.version))
    .withEntrypoint(["sh"])
    .withCommand(["-c", `mkdir -p /data && cp /redis.conf /data && ${again}`])
    .withCopyContentToContainer([{ content: file, target: "/redis.conf" }])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  const address = { host: "127.0.0.1", port: container.getMappedPort(6379) };
  const connect = (): Promise<RedisServer> => RedisServer.connect(address, ADMIN, 20_000);
  const born: BornServer = {
    container,
    target: {
      colour,
      ...version,
      primary: { operator: address, peer: { host: container.getIpAddress("bridge"), port: 6379 } },
      replicas: [],
      external: false,
    },
    admin: await connect(),
    as: (login) => RedisServer.connect(address, login, 20_000),
    file: async () => (await container.exec(["cat", FILE])).output,
    async crash() {
      const process = (await born.admin.info("server")).get("process_id") ?? "";
      await container.exec(["sh", "-c", `kill -9 ${process}`]);
      born.admin.close();
      born.admin = await until(() => connect().catch(() => undefined), {
        timeoutMs: 60_000,
        intervalMs: 50,
        what: `${colour} is back`,
      });
    },
    async stop() {
      born.admin.close();
      await container.stop({ timeout: 0 });
    },
  };
  return born;
}

/** The server as a colour that is connected. @param primary the connection to use; default: the test's own */
export function deploymentOf({ target, admin }: BornServer, primary = admin): Deployment {
  return { target, colour: target.colour, primary };
}

/** A cutover between two colours, of which nothing but the servers takes part. */
export function cutoverOf(from: Deployment, to: Deployment): CutoverInput {
  return {
    from,
    to,
    traffic: NO_TRAFFIC,
    endpoint: from.target.primary.operator,
    credentials: CREDENTIALS,
    guardrails: PATIENT_GUARDRAILS,
    verdict: { kind: "lossless (native)", reason: "", warnings: [] },
    preflight: () => Promise.resolve(""),
    backup: () => Promise.resolve(undefined),
    progress: () => undefined,
  };
}

/** An older blue, open to clients, and a newer green beside it, between which a rollback is native. */
export async function bearPair(): Promise<[blue: BornServer, green: BornServer]> {
  const pair = await Promise.all([
    bearServer("blue", { product: "redis", version: "7.0" }),
    bearServer("green", { product: "redis", version: "8.0" }),
  ]);
  await openToClients(pair[0]);
  return pair;
}

/** Has one born server follow another, and waits until its link is up. */
export async function followUntilUp(follower: BornServer, leader: BornServer): Promise<void> {
  await follow(deploymentOf(follower), deploymentOf(leader), CREDENTIALS);
  await until(async () => ((await follower.admin.replication()).linkUp ? true : undefined), {
    timeoutMs: 60_000,
    intervalMs: 20,
    what: `${follower.target.colour} follows ${leader.target.colour}`,
  });
}

/** Lets clients in and replicas copy, as the traffic switch does. */
export async function openToClients({ admin }: BornServer): Promise<void> {
  await admin.transaction(...openCommands(await readGate(admin)));
}
