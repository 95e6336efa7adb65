import { formatAddress } from "./address.ts";
import { addressFor } from "./deployment.ts";
import type { DeploymentTarget } from "./deploymentTarget.ts";
import type { ReplicationState } from "./replicationState.ts";

/** A follower tries to connect once a second; what comes after its arrival may take as long as a copy takes. */
const LONGEST_MS = 30_000;

/** A leader and its follower, seen at one moment. */
export interface LinkView {
  leader: ReplicationState;
  /** Full copies that the leader was asked for so far, `sync_full`. */
  fullCopies: number;
  follower: Pick<ReplicationState, "linkUp" | "syncInProgress">;
}

/**
 * Whether the follower got through to its leader since `before`, told generously: nobody can say from here which of the
 * leader's replicas it is.
 */
export function hasArrived(before: Pick<LinkView, "leader" | "fullCopies">, now: LinkView): boolean {
  return (
    now.follower.linkUp ||
    now.follower.syncInProgress ||
    now.fullCopies > before.fullCopies ||
    now.leader.replicas.length > before.leader.replicas.length ||
    now.leader.replicas.some(({ state }) => state !== "online")
  );
}

/** How long to wait for an arrival where the whole link may take `syncTimeoutMs`. */
export function arrivalTimeoutMs(syncTimeoutMs: number): number {
  return Math.min(LONGEST_MS, syncTimeoutMs / 2);
}

/** That the follower does not get through, and which config says how it should. */
export function neverArrived(
  follower: DeploymentTarget,
  leader: DeploymentTarget,
  pathPrefix: string,
  waitedMs: number,
): string {
  const address = formatAddress(addressFor(follower, leader));
  const found = `${follower.colour} was told to follow ${leader.colour} at ${address}, and ${leader.colour} has heard nothing of it for ${Math.round(waitedMs / 1000)} s`;
  return `${found}: ${cure(follower, leader, pathPrefix)}. Then run pulumi up again; the data of ${follower.colour} is kept as it is`;
}

function cure(follower: DeploymentTarget, leader: DeploymentTarget, pathPrefix: string): string {
  const look = `look into ${follower.colour}'s log and what lies between (firewall, routes)`;
  const key = follower.external
    ? `${pathPrefix}${follower.colour}.advertiseHost`
    : leader.external
      ? `${pathPrefix}${leader.colour}.peerAddress`
      : undefined;
  if (key === undefined) return look;
  return `set ${key} to an address by which ${follower.colour} reaches ${leader.colour}, or ${look}`;
}
