import type { Credentials } from "./credentials.ts";
import type { DeploymentTarget } from "./deploymentTarget.ts";
import { driftNotes, driftOf, rejectedBeforeNote } from "./drift.ts";
import { LEFT_BEHIND } from "./handover.ts";
import { addressFor, replicationLogin, type Deployment } from "./deployment.ts";
import { allowReplicationCommands, closeCommands, readGate } from "./gate.ts";
import { unpauseCommands } from "./pause.ts";
import type { RedisServer } from "./redisServer.ts";
import type { ReplicationState } from "./replicationState.ts";
import { setRaised } from "./selfDescribing.ts";
import { canReplicate } from "./compatibility/matrix.ts";

/**
 * Makes `follower`'s primary follow `leader`'s, fenced and with the login that takes, and makes that last. Fencing,
 * following and the end of a pause are one transaction: in between an expiry could move the follower past what it shares
 * with the leader, and the link would need a full copy.
 */
export async function follow(
  follower: Deployment,
  leader: Deployment,
  credentials: Credentials,
): Promise<void> {
  const { host, port } = addressFor(follower.target, leader.target);
  const { primary } = follower;
  await setLogin(follower, leader, credentials);
  // A standby that would need a full copy keeps its data while it receives it, and for good when the copy can't be
  // read (Redis >= 6.0; the default flushes first).
  await primary.configSet("repl-diskless-load", "swapdb");
  const [gate, info] = await Promise.all([readGate(primary), primary.info("everything")]);
  await primary.transaction(
    ...closeCommands(gate, rejectedBeforeNote(info)),
    ...allowReplicationCommands(gate),
    ["REPLICAOF", host, port],
    ...unpauseCommands((await primary.version()).version),
  );
  await setRaised(primary, "repl-ping-replica-period", false);
  // As a live colour it may have had the tripwire armed: its own replicas would wait with it.
  await setArmed(primary, false);
  await primary.configRewrite();
}

/**
 * Gives a replica the login that an existing leader takes by now, for when it connects anew, and makes it last that it
 * follows: an update may have died, or failed, before the file said so.
 */
export async function renewFollowing(
  follower: Deployment,
  leader: Deployment,
  credentials: Credentials,
): Promise<void> {
  // What a stack's own servers take is fixed at their birth.
  if (leader.target.external) await setLogin(follower, leader, credentials);
  await follower.primary.configRewrite();
}

async function setLogin(follower: Deployment, leader: Deployment, credentials: Credentials): Promise<void> {
  const { username, password } = replicationLogin(leader.target, credentials);
  await follower.primary.configSet("masteruser", username);
  await follower.primary.configSet("masterauth", password ?? "nopass");
}

/**
 * Leaves a colour that follows nobody closed for good: it keeps what it holds and refuses writes. That its data has drifted
 * is noted, since the count of it does not outlive the process; and that it is left behind, since before 6.2 nothing else
 * tells the driver of a cutover that stood still meanwhile from the one that closed it.
 */
export async function keepClosed({ primary }: Deployment): Promise<void> {
  const [gate, info] = await Promise.all([readGate(primary), primary.info("everything")]);
  const { version } = await primary.version();
  const drift = driftNotes(driftOf(gate, info));
  await primary.transaction(...closeCommands(gate, LEFT_BEHIND, ...drift), ...unpauseCommands(version));
  await setRaised(primary, "repl-ping-replica-period", false);
  await primary.configRewrite();
}

/**
 * Ends following; the data stays, and so does the gate.
 * @returns the database that the leader's stream was in where it was left; undefined where the link was down, since only the
 *   connection tells (`CLIENT LIST TYPE master`; measured with 6.0.16, 7.0.15, 8.0.2, 8.6.3, Valkey 8.1 and 9.1)
 */
export async function unfollow(follower: Deployment): Promise<number | undefined> {
  // In one transaction: nothing of the stream is applied in between.
  const [connection] = await follower.primary.transaction(
    ["CLIENT", "LIST", "TYPE", "master"],
    ["REPLICAOF", "NO", "ONE"],
  );
  await keepClosed(follower);
  const database = / db=(\d+) /.exec(String(connection))?.[1];
  return database === undefined ? undefined : Number(database);
}

/**
 * Arms or disarms the tripwire on a live colour: with the start of a diskless full copy put off for days, a standby
 * that can't continue is never sent an RDB that it can't read, and the live server never forks for it. Measured with
 * 8.0.2 and 7.0.15: the standby waits in `wait_bgsave` with its data intact. For such a standby the backlog is the only
 * way to continue, so that it is kept as well.
 *
 * A colour with replicas of its own can't have it, since they would wait as well; there `repl-diskless-load swapdb` on
 * the standby is what keeps its data.
 */
export async function setTripwire(live: Deployment, standby: Deployment): Promise<void> {
  const [liveVersion, standbyVersion] = await Promise.all([
    live.primary.version(),
    standby.primary.version(),
  ]);
  const armed = live.target.replicas.length === 0 && !canReplicate(liveVersion, standbyVersion).ok;
  if (armed) await live.primary.configSet("repl-diskless-sync", "yes");
  await setAndKeep(live, armed);
}

/**
 * Whether a standby that can't read a full copy asked for one, which the tripwire keeps from it: its link will not be up any
 * more. Where the live colour has replicas of its own there is no tripwire, and it may be they who wait.
 */
export function isTripped(
  live: { target: DeploymentTarget; replication: ReplicationState },
  standby: ReplicationState,
): boolean {
  const waits = live.replication.replicas.some(({ state }) => state === "wait_bgsave");
  return live.target.replicas.length === 0 && standby.role === "replica" && !standby.linkUp && waits;
}

/** Lets the live colour start a full copy at once again, as the bridge's attachment needs. */
export async function disarmTripwire(live: Deployment): Promise<void> {
  await setAndKeep(live, false);
}

/** In the server's file as well: after its restart nobody else would tell it. */
async function setAndKeep({ primary }: Deployment, armed: boolean): Promise<void> {
  if (await setArmed(primary, armed)) await primary.configRewrite();
}

/** @returns false where that was so already, and nothing was done */
async function setArmed(server: RedisServer, armed: boolean): Promise<boolean> {
  const delayed = await setRaised(server, "repl-diskless-sync-delay", armed);
  const kept = await setBacklogKept(server, armed);
  return delayed || kept;
}

/**
 * Has a primary that nobody replicates keep its backlog, and with it the name of its history, for decades; or for as long
 * as the user wants, by default an hour (`repl-backlog-ttl`).
 * @returns false where that was so already, and nothing was done
 */
export async function setBacklogKept(server: RedisServer, kept: boolean): Promise<boolean> {
  const name = "repl-backlog-ttl";
  // 0 is for ever.
  if (kept && (await server.configGet(name)).get(name) === "0") return false;
  return setRaised(server, name, kept);
}
