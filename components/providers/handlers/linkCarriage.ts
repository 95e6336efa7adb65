import { formatAddress } from "../../engine/address.ts";
import { readBridgeStatus } from "../../engine/bridge/statusClient.ts";
import { canReplicate } from "../../engine/compatibility/matrix.ts";
import { isForward } from "../../engine/compatibility/rollbackVerdict.ts";
import type { StandbyVerb } from "../../engine/cutover/standbyLink.ts";
import { observeDeployment, type Deployment } from "../../engine/deployment.ts";
import { describeDrift, driftOf } from "../../engine/drift.ts";
import { isTripped } from "../../engine/follow.ts";
import { readGate } from "../../engine/gate.ts";
import { lineage } from "../../engine/lineage.ts";
import { followRefusal } from "../../engine/replicationLink.ts";
import { until } from "../../engine/until.ts";
import { verdictFor, verdictText, type VerdictContext } from "./session.ts";

/** Both ends of a link, connected. */
export interface LinkEnds extends VerdictContext {
  live: Deployment;
  standby: Deployment;
  /** The user agreed to overwrite what the standby holds. Default false. */
  reseed?: boolean;
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

/** Decides how a link is carried. */
export async function carriageOf(ends: LinkEnds): Promise<Carriage> {
  const { live, standby } = ends;
  // Forward is where an upgrade goes to; the other direction is the rollback link.
  if (isForward(await live.primary.version(), await standby.primary.version())) {
    const onward = await verdictFor(live, standby, ends);
    return { carrier: "replication", rollback: verdictText(onward), anew: false };
  }
  const back = await verdictFor(standby, live, ends);
  if (back.kind === "backup only") return { carrier: "none", rollback: verdictText(back), anew: false };
  const drift = await driftBetween(standby, live);
  if (back.kind !== "lossless (native)") {
    return { carrier: "bridge", rollback: verdictText(back), anew: drift !== undefined };
  }
  const lost = (drift && (await keepsDrift(ends)) ? drift : undefined) ?? (await brokenBecause(ends));
  if (lost === undefined) return { carrier: "replication", rollback: verdictText(back), anew: false };
  return { carrier: "none", rollback: `backup only: ${lost}`, anew: false };
}

/** How the standby will get the live colour's writes, whatever it does now. */
export async function standbyVerb(ends: LinkEnds): Promise<StandbyVerb> {
  return (await carriageOf(ends)).carrier === "bridge" ? "is fed from" : "follows";
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

async function driftBetween(standby: Deployment, live: Deployment): Promise<string | undefined> {
  const [gate, info] = await Promise.all([readGate(standby.primary), standby.primary.info("everything")]);
  const drift = driftOf(gate, info);
  return drift && describeDrift(standby.colour, live.colour, drift);
}

/** Whether what has drifted stays so: not where it follows nobody, and a full copy that the user agreed to takes its place. */
async function keepsDrift({ live, standby, reseed }: LinkEnds): Promise<boolean> {
  const [ahead, behind] = await Promise.all([observeDeployment(live), observeDeployment(standby)]);
  if (reseed !== true || behind.replication.role === "replica") return true;
  const isContinued = lineage(ahead.replication, behind.replication) === "continues";
  return isContinued || !canReplicate(ahead.version, behind.version).ok;
}

/** Why a native rollback link can't go on, or be made; undefined where it can. */
async function brokenBecause({ live, standby, pathPrefix, reseed }: LinkEnds): Promise<string | undefined> {
  const [ahead, behind] = await Promise.all([observeDeployment(live), observeDeployment(standby)]);
  if (canReplicate(ahead.version, behind.version).ok) {
    if (behind.replication.role === "replica") return undefined;
    const [leader, follower] = [
      { colour: live.colour, state: ahead },
      { colour: standby.colour, state: behind },
    ];
    const options = { reseed: reseed ?? false, pathPrefix, translated: false };
    if (followRefusal(leader, follower, options) === undefined) return undefined;
    // Without the number of keys: where they expire it moves by itself, and would be a diff.
    return `${standby.colour} holds data that a full copy from ${live.colour} would overwrite; if it is not wanted, set ${pathPrefix}${standby.colour}.reseed: true`;
  }
  const { replication } = ahead;
  const canContinue =
    behind.replication.role === "replica"
      ? !isTripped({ target: live.target, replication }, behind.replication)
      : lineage(replication, behind.replication) === "continues";
  if (canContinue) return undefined;
  return `${standby.colour} can't continue behind ${live.colour} without a full copy, which it could not read`;
}
