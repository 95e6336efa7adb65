import { createHash } from "node:crypto";
import { readSteadyBridgeStatus } from "../bridge/statusClient.ts";
import type { Credentials } from "../credentials.ts";
import { operatorLogin } from "../deployment.ts";
import type { DeploymentTarget } from "../deploymentTarget.ts";
import { linkObstacle, type LinkEnd } from "../linkObstacle.ts";
import { RedisServer, RedisServerError } from "../redisServer.ts";
import { checkApplication } from "./application.ts";
import { checkBridge } from "./bridge.ts";
import type { CheckResult } from "./checkResult.ts";
import { checkClients } from "./clients.ts";
import type { ObservedColour, PreflightFacts, PreflightInput } from "./facts.ts";
import { checkLink } from "./link.ts";
import { checkMemory } from "./memory.ts";
import { checkPersistence } from "./persistence.ts";
import { checkReachability } from "./reachability.ts";
import { checkRoles } from "./roles.ts";
import { checkSettings } from "./settings.ts";
import { takeSnapshot } from "./snapshot.ts";
import { checkVersions } from "./versions.ts";
import { checkWriteTest } from "./writeTest.ts";

/** The checks, in the order in which they are printed; each is a pure function of what was gathered. */
const CHECKS: readonly ((facts: PreflightFacts) => CheckResult[])[] = [
  checkReachability,
  checkRoles,
  checkVersions,
  checkSettings,
  checkLink,
  checkBridge,
  checkWriteTest,
  checkPersistence,
  checkMemory,
  checkClients,
  checkApplication,
];

/**
 * Looks at both colours and judges them. Changes nothing on any server; a server that can't be asked is a failed
 * check, never an error.
 */
export async function runPreflight(input: PreflightInput): Promise<CheckResult[]> {
  return evaluatePreflight(await gatherPreflight(input));
}

/** Asks the servers. */
async function gatherPreflight(input: PreflightInput): Promise<PreflightFacts> {
  const { credentials, ...rest } = input;
  const { live, standby, standbyDeployed, pathPrefix } = input;
  const bridge = standbyDeployed
    ? input.bridge && (await readSteadyBridgeStatus(input.bridge.status))
    : undefined;
  const connections = await Promise.all([
    connect(live, credentials),
    standby === undefined || !standbyDeployed ? undefined : connect(standby, credentials),
  ]);
  const obstacle =
    standby &&
    (await linkObstacle(linkEnd(live, connections[0]), linkEnd(standby, connections[1]), pathPrefix));
  // Both are looked at over the same moments, else a busy live server would seem further ahead than it is.
  const [observedLive, observedStandby] = await Promise.all([
    observe(connections[0], true, credentials),
    connections[1] === undefined ? undefined : observe(connections[1], false, credentials),
  ]);
  return {
    input: rest,
    replicationPassword: sha256(credentials.replication.password ?? ""),
    live: observedLive,
    ...(observedStandby === undefined ? {} : { standby: observedStandby }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(obstacle === undefined ? {} : { noLinkBecause: obstacle.reason }),
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Judges what was gathered. */
export function evaluatePreflight(facts: PreflightFacts): CheckResult[] {
  return CHECKS.flatMap((check) => check(facts));
}

interface Connection {
  target: DeploymentTarget;
  server: RedisServer | RedisServerError;
}

async function connect(target: DeploymentTarget, credentials: Credentials): Promise<Connection> {
  try {
    const login = operatorLogin(target, credentials);
    return { target, server: await RedisServer.connect(target.primary.operator, login) };
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return { target, server: error };
  }
}

function linkEnd(target: DeploymentTarget, connection: Connection | undefined): LinkEnd {
  return connection?.server instanceof RedisServer ? { target, primary: connection.server } : { target };
}

async function observe(
  { target, server }: Connection,
  testWrite: boolean,
  credentials: Credentials,
): Promise<ObservedColour> {
  if (server instanceof RedisServerError) return { target, observed: { unreachable: server.message } };
  try {
    const observed = await takeSnapshot(server, {
      testWrite,
      applicationUser: credentials.application.username,
    });
    const refusal = target.external ? await applicationRefusal(target, credentials) : undefined;
    return { target, observed, ...(refusal === undefined ? {} : { applicationRefused: refusal }) };
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return { target, observed: { unreachable: error.message } };
  } finally {
    server.close();
  }
}

/** An existing server has users of its own; clients must get in on both colours with what they log in with. */
async function applicationRefusal(
  target: DeploymentTarget,
  credentials: Credentials,
): Promise<string | undefined> {
  try {
    (await RedisServer.connect(target.primary.operator, credentials.application)).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return error.message;
  }
}
