import { formatAddress } from "../address.ts";
import type { Credentials } from "../credentials.ts";
import { forEachReplica } from "../deployment.ts";
import type { DeploymentTarget } from "../deploymentTarget.ts";
import { readGate, setReadable } from "../gate.ts";
import { DeadlineError, until } from "../until.ts";

/** A promotion cuts the links of the primary's replicas for a second; a replica that is new may take long. */
const IN_SYNC_MS = 20_000;

/**
 * Sends readers to the live colour's replicas and away from the standby's. Those of the standby go last: they follow
 * the live colour through their own primary, so what they answer stays right. A replica that is still being copied to
 * would answer that keys don't exist: it gets no readers, which then go to its primary.
 * @returns replicas that did not answer, or have no link
 */
export async function moveReaders(
  standby: DeploymentTarget | undefined,
  live: DeploymentTarget,
  credentials: Credentials,
  inSyncMs = IN_SYNC_MS,
): Promise<string[]> {
  const late: string[] = [];
  const opened = await forEachReplica(live, credentials, async (server, { operator }) => {
    const isUp = async (): Promise<true | undefined> =>
      (await server.replication()).linkUp ? true : undefined;
    try {
      await until(isUp, { timeoutMs: inSyncMs, intervalMs: 50, what: "the replica follows" });
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      late.push(formatAddress(operator));
      return;
    }
    await setReadable(server, true);
  });
  if (standby === undefined) return [...opened, ...late];
  const closed = await forEachReplica(standby, credentials, (server) => setReadable(server, false));
  return [...opened, ...late, ...closed];
}

/** Replicas of the live colour that are in sync and get no readers, as `host:port`. */
export async function unreadReplicas(live: DeploymentTarget, credentials: Credentials): Promise<string[]> {
  const unread: string[] = [];
  await forEachReplica(live, credentials, async (server, { operator }) => {
    const [{ linkUp }, { proxyOn }] = await Promise.all([server.replication(), readGate(server)]);
    if (linkUp && !proxyOn) unread.push(formatAddress(operator));
  });
  return unread;
}
