import { formatAddress } from "./address.ts";
import type { Colour } from "./colour.ts";
import type { Credentials, Login } from "./credentials.ts";
import type { DeploymentTarget, ServerTarget } from "./deploymentTarget.ts";
import { readGate, type Gate } from "./gate.ts";
import { keyCount } from "./keyspace.ts";
import { RedisServer, RedisServerError } from "./redisServer.ts";
import type { ReplicationState } from "./replicationState.ts";
import type { ServerVersion } from "./serverVersion.ts";

/** What one colour's primary looked like at one moment. */
export interface DeploymentState {
  version: ServerVersion;
  replication: ReplicationState;
  gate: Gate;
  keys: number;
}

/** A connected colour. */
export interface Deployment {
  target: DeploymentTarget;
  colour: Colour;
  primary: RedisServer;
}

/** The login that the operator uses on this colour. */
export function operatorLogin(target: DeploymentTarget, credentials: Credentials): Login {
  return target.login ?? credentials.operator;
}

/** The login that another server uses to follow this colour. */
export function replicationLogin(target: DeploymentTarget, credentials: Credentials): Login {
  return target.login ?? credentials.replication;
}

/** Connects to a colour's primary. */
export async function connectDeployment(
  target: DeploymentTarget,
  credentials: Credentials,
): Promise<Deployment> {
  const primary = await RedisServer.connect(target.primary.operator, operatorLogin(target, credentials));
  return { target, colour: target.colour, primary };
}

/** Connects to a colour's replicas, calls `use` with each that answers, and returns the addresses of the others. */
export async function forEachReplica(
  target: DeploymentTarget,
  credentials: Credentials,
  use: (server: RedisServer, replica: ServerTarget) => Promise<void>,
): Promise<string[]> {
  const failed: string[] = [];
  await Promise.all(
    target.replicas.map(async (replica) => {
      let server: RedisServer | undefined;
      try {
        server = await RedisServer.connect(replica.operator, operatorLogin(target, credentials));
        await use(server, replica);
      } catch (error) {
        if (!(error instanceof RedisServerError)) throw error;
        failed.push(formatAddress(replica.operator));
      } finally {
        server?.close();
      }
    }),
  );
  return failed;
}

/** Looks at a colour's primary. */
export async function observeDeployment(deployment: Deployment): Promise<DeploymentState> {
  const [version, replication, gate, keyspace] = await Promise.all([
    deployment.primary.version(),
    deployment.primary.replication(),
    readGate(deployment.primary),
    deployment.primary.keyspace(),
  ]);
  return { version, replication, gate, keys: keyCount(keyspace) };
}

/** Whether clients' writes are let into this colour: all three locks are open. */
export function isOpen(state: DeploymentState): boolean {
  return state.replication.role === "master" && state.gate.proxyOn && !state.gate.fenced;
}

/** The address under which `follower` reaches `leader`'s primary. */
export function addressFor(
  follower: DeploymentTarget,
  leader: DeploymentTarget,
): { host: string; port: number } {
  if (follower.reachesOthersAt === undefined) return leader.primary.peer;
  return { host: follower.reachesOthersAt, port: leader.primary.operator.port };
}

/** Whether a server that follows `following` follows this colour's primary. */
export function follows(
  state: ReplicationState,
  follower: DeploymentTarget,
  leader: DeploymentTarget,
): boolean {
  const address = addressFor(follower, leader);
  return state.following?.host === address.host && state.following.port === address.port;
}
