import type { Credentials } from "../credentials.ts";
import { forEachReplica } from "../deployment.ts";
import type { DeploymentTarget } from "../deploymentTarget.ts";
import { setReadable } from "../gate.ts";

/**
 * Sends readers to the live colour's replicas and away from the standby's. Those of the standby go last: they follow
 * the live colour through their own primary, so what they answer stays right.
 * @returns replicas that did not answer
 */
export async function moveReaders(
  standby: DeploymentTarget | undefined,
  live: DeploymentTarget,
  credentials: Credentials,
): Promise<string[]> {
  const opened = await forEachReplica(live, credentials, (server) => setReadable(server, true));
  if (standby === undefined) return opened;
  const closed = await forEachReplica(standby, credentials, (server) => setReadable(server, false));
  return [...opened, ...closed];
}
