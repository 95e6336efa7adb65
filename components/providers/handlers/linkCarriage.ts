import { formatAddress } from "../../engine/address.ts";
import { readBridgeStatus } from "../../engine/bridge/statusClient.ts";
import { isForward } from "../../engine/compatibility/rollbackVerdict.ts";
import type { Deployment } from "../../engine/deployment.ts";
import { isTripped } from "../../engine/follow.ts";
import { infoNumber } from "../../engine/infoReply.ts";
import { lineage } from "../../engine/lineage.ts";
import { until } from "../../engine/until.ts";
import { verdictFor, verdictText, type VerdictContext } from "./session.ts";

/** Both ends of a link, connected. */
export interface LinkEnds extends VerdictContext {
  live: Deployment;
  standby: Deployment;
}

/** How a link is carried, and what that makes of the way back. */
export interface Carriage {
  /** The standby follows by itself, the bridge feeds it, or neither can be without loss. */
  carrier: "replication" | "bridge" | "none";
  /** What a rollback is, or will be after a cutover, with the reason. */
  rollback: string;
  /** The standby's data has drifted, so that the bridge has to copy every key. */
  anew: boolean;
}

/** How long a bridge that was just started may take to answer. */
const BRIDGE_TIMEOUT_MS = 30_000;

/**
 * Decides how a link is carried.
 * @param errorsAtStart commands that the standby had rejected when it began to follow
 */
export async function carriageOf(ends: LinkEnds, errorsAtStart: number): Promise<Carriage> {
  const { live, standby } = ends;
  // Forward is where an upgrade goes to; the other direction is the rollback link.
  if (isForward(await live.primary.version(), await standby.primary.version())) {
    const onward = await verdictFor(live, standby, ends);
    return { carrier: "replication", rollback: verdictText(onward), anew: false };
  }
  const back = await verdictFor(standby, live, ends);
  if (back.kind === "backup only") return { carrier: "none", rollback: verdictText(back), anew: false };
  const drift = await driftOf(standby, live, errorsAtStart);
  if (back.kind !== "lossless (native)") {
    return { carrier: "bridge", rollback: verdictText(back), anew: drift !== undefined };
  }
  const lost = drift ?? (await brokenBecause(ends));
  if (lost === undefined) return { carrier: "replication", rollback: verdictText(back), anew: false };
  return { carrier: "none", rollback: `backup only: ${lost}`, anew: false };
}

/** How many commands of its leader a follower rejected since it was started. */
export async function replicationErrors(standby: Deployment): Promise<number> {
  return infoNumber(await standby.primary.info("stats"), "unexpected_error_replies");
}

/** Whether a bridge that is to be there doesn't answer. */
export async function isBridgeSilent({ bridge }: LinkEnds): Promise<boolean> {
  return bridge !== undefined && (await readBridgeStatus(bridge.status)) === undefined;
}

/** Waits for the bridge's process. */
export async function awaitBridge({ bridge }: LinkEnds): Promise<void> {
  if (bridge === undefined) return;
  await until(async () => ((await readBridgeStatus(bridge.status)) === undefined ? undefined : true), {
    timeoutMs: BRIDGE_TIMEOUT_MS,
    intervalMs: 100,
    what: `the bridge answers at ${formatAddress(bridge.status)} (its container's log says why not; pulumi refresh and pulumi up start it again)`,
  });
}

async function driftOf(
  standby: Deployment,
  live: Deployment,
  errorsAtStart: number,
): Promise<string | undefined> {
  const rejected = (await replicationErrors(standby)) - errorsAtStart;
  if (!(rejected > 0)) return undefined;
  return `${standby.colour} rejected ${rejected} replicated commands of ${live.colour} (unexpected_error_replies): its data has drifted`;
}

/** Why a native rollback link can't go on; undefined where it can. */
async function brokenBecause({ live, standby }: LinkEnds): Promise<string | undefined> {
  const [ahead, behind] = await Promise.all([live.primary.replication(), standby.primary.replication()]);
  const canContinue =
    behind.role === "replica" ? !isTripped(ahead, behind) : lineage(ahead, behind) === "continues";
  if (canContinue) return undefined;
  return `${standby.colour} can't continue behind ${live.colour} without a full copy, which it could not read`;
}
