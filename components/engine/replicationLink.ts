import { arrivalTimeoutMs, hasArrived, neverArrived, type LinkView } from "./arrival.ts";
import { canReplicate } from "./compatibility/matrix.ts";
import type { Colour } from "./colour.ts";
import type { Credentials } from "./credentials.ts";
import { follows, isOpen, observeDeployment, type Deployment, type DeploymentState } from "./deployment.ts";
import { feed, finishFeeding, placeIn } from "./feed.ts";
import { awaitFed, feedStatus, IN_SYNC_BYTES } from "./feedProgress.ts";
import { disarmTripwire, follow, keepClosed, renewFollowing, setTripwire, unfollow } from "./follow.ts";
import { formatAddress } from "./address.ts";
import { allowReplication, isFed, readGate } from "./gate.ts";
import { infoNumber } from "./infoReply.ts";
import { keptTakeOver, wasTakenOver } from "./handover.ts";
import { lineage, type Lineage } from "./lineage.ts";
import { linkObstacle } from "./linkObstacle.ts";
import { RefusedError, type Progress } from "./progress.ts";
import { replicationStateOf, type ReplicationState } from "./replicationState.ts";
import { formatVersion } from "./serverVersion.ts";
import { until } from "./until.ts";

/** What a link is, for state and drift: nothing that moves by itself. */
export type LinkStatus =
  /** The standby follows the live colour. */
  | "up"
  /** It is set to follow, and isn't connected or is still being copied. */
  | "connecting"
  /** It follows somebody else, or nobody. */
  | "cut";

/** How a link is made. */
export interface LinkInput {
  /** The colour that serves. */
  live: Deployment;
  /** The colour that follows. */
  standby: Deployment;
  credentials: Credentials;
  /** How long the standby may take to be in sync. Milliseconds. */
  syncTimeoutMs: number;
  /** The user agreed to overwrite what the standby holds. */
  reseed: boolean;
  /** The bridge carries the link, since the standby can't follow by itself. Default false. */
  translated?: boolean;
  /** The standby's data has drifted: the bridge copies every key. Default false. */
  anew?: boolean;
  /** Prefix of config paths in messages. */
  pathPrefix: string;
  progress: Progress;
}

/** Looks at a link. */
export async function linkStatus(live: Deployment, standby: Deployment): Promise<LinkStatus> {
  const state = await standby.primary.replication();
  if (state.role === "master") return feedStatus(live, standby, await readGate(standby.primary));
  if (!follows(state, standby.target, live.target)) return "cut";
  return state.linkUp ? "up" : "connecting";
}

/**
 * Makes the standby follow the live colour and waits until it is in sync. Looks first: a link that is up stays as it is.
 * @throws RefusedError where a full copy would overwrite what only the standby has, or that it couldn't read, or where
 *   the standby doesn't get through to the live colour
 * @throws DeadlineError when it is not in sync in time; the copy goes on, and running again waits further
 */
export async function ensureLink(input: LinkInput): Promise<void> {
  const { live, standby, progress } = input;
  const [liveState, standbyState] = await Promise.all([observeDeployment(live), observeDeployment(standby)]);
  const status = await statusOf(input);
  if (status !== "cut") {
    await (input.translated === true
      ? finishFeeding(standby)
      : renewFollowing(standby, live, input.credentials));
  }
  if (status === "up" && input.anew !== true) {
    if (input.translated !== true) await setTripwire(live, standby);
    return;
  }
  refuseIfMisled(live, liveState, standby, standbyState);
  const refusal =
    (status === "cut" ? refusalBetween(input, liveState, standbyState) : undefined) ??
    (await certainObstacle(input));
  if (refusal !== undefined) throw new RefusedError(refusal);
  if (input.translated) {
    const begins = status === "cut" || input.anew === true;
    // Feeding begins with that; a standby that is fed already may wait for it.
    await (begins ? feed(standby, live, input.credentials, input.anew) : disarmTripwire(live));
    await awaitFed(input);
    return;
  }
  if (status === "cut") {
    progress(`${standby.colour} begins to follow ${live.colour}`);
  }
  await setTripwire(live, standby);
  const fullCopies = infoNumber(await live.primary.info("stats"), "sync_full");
  await allowReplication(live.primary);
  if (status === "cut") await follow(standby, live, input.credentials);
  const before = { leader: liveState.replication, fullCopies };
  await awaitSync(input, before, canReplicate(liveState.version, standbyState.version).ok);
}

/**
 * Why `ensureLink` would refuse, found out without touching anything; undefined where it would not, or where the traffic
 * switch has something to settle first.
 */
export async function linkRefusal(input: Omit<LinkInput, "progress">): Promise<string | undefined> {
  const { live, standby } = input;
  if ((await statusOf(input)) !== "cut") return undefined;
  const [liveState, standbyState] = await Promise.all([observeDeployment(live), observeDeployment(standby)]);
  if (!isOpen(liveState) || isOpen(standbyState)) return undefined;
  return refusalBetween(input, liveState, standbyState) ?? (await certainObstacle(input));
}

/** A standby that has the other kind of link than it is to have, as where the bridge came into use or went out of it. */
async function statusOf({ live, standby, translated }: Omit<LinkInput, "progress">): Promise<LinkStatus> {
  const isOther =
    translated === true
      ? (await standby.primary.replication()).role === "replica"
      : isFed(await readGate(standby.primary));
  return isOther ? "cut" : linkStatus(live, standby);
}

/** Where it only looks from here as if the standby couldn't get through, it is tried. */
async function certainObstacle({
  live,
  standby,
  pathPrefix,
}: Omit<LinkInput, "progress">): Promise<string | undefined> {
  const obstacle = await linkObstacle(standby, live, pathPrefix);
  return obstacle?.certain === true ? obstacle.reason : undefined;
}

/** Ends a link where the standby still follows the live colour; anything else has moved on and is left alone. */
export async function removeLink(live: Deployment, standby: Deployment): Promise<boolean> {
  if ((await linkStatus(live, standby)) === "cut") return false;
  await leaveAlone(standby);
  return true;
}

/** Ends following, or feeding; the data stays, closed to clients. */
export async function leaveAlone(standby: Deployment): Promise<void> {
  const isReplica = (await standby.primary.replication()).role === "replica";
  await (isReplica ? unfollow : keepClosed)(standby);
}

/**
 * Keeps a link that nobody is to carry from closing the colour that serves.
 * @throws RefusedError where they are not the live colour and the standby that they are taken for
 */
export async function refuseUnlessStandby(live: Deployment, standby: Deployment): Promise<void> {
  const [liveState, standbyState] = await Promise.all([observeDeployment(live), observeDeployment(standby)]);
  refuseIfMisled(live, liveState, standby, standbyState);
}

function refuseIfMisled(
  live: Deployment,
  { replication: { role, following } }: DeploymentState,
  standby: Deployment,
  standbyState: DeploymentState,
): void {
  if (role !== "master") {
    throw new RefusedError(
      `${live.colour} is not a primary (it follows ${following === undefined ? "nobody" : formatAddress(following)}): nothing is made to follow it. Run pulumi up to settle the traffic switch first`,
    );
  }
  if (isOpen(standbyState)) {
    throw new RefusedError(
      `${standby.colour} takes writes from clients: it is not made to follow anybody, and stays as it is. Run pulumi up to settle the traffic switch first`,
    );
  }
}

function refusalBetween(
  { live, standby, reseed, pathPrefix, translated = false }: Omit<LinkInput, "progress">,
  liveState: DeploymentState,
  standbyState: DeploymentState,
): string | undefined {
  return followRefusal(
    { colour: live.colour, state: liveState },
    { colour: standby.colour, state: standbyState },
    { reseed, pathPrefix, translated },
  );
}

/** A colour as it was found. */
export interface FoundColour {
  colour: Colour;
  state: DeploymentState;
}

/**
 * Why a standby that follows nobody can't be made to follow the live colour, and what to do instead; undefined where it
 * can without losing anything.
 */
export function followRefusal(
  live: FoundColour,
  standby: FoundColour,
  { reseed, pathPrefix, translated }: Pick<LinkInput, "reseed" | "pathPrefix" | "translated">,
): string | undefined {
  const relation = relationOf(live.state, standby.state);
  if (relation === "continues") return undefined;
  const copy = canReplicate(live.state.version, standby.state.version);
  if (!copy.ok && !translated) {
    return `${standby.colour} (${formatVersion(standby.state.version)}) can't continue behind ${live.colour} and would need a full copy, but ${copy.reason}. Its data is kept as it is; the way back is its backup. To upgrade again, remove ${standby.colour} and add it with a version that can follow`;
  }
  if (relation === "nothing of its own" || standby.state.keys === 0 || reseed) return undefined;
  return `${standby.colour} holds ${standby.state.keys} keys that a full copy from ${live.colour} would overwrite. If they are not wanted, set ${pathPrefix}${standby.colour}.reseed: true and run pulumi up again; else save them first`;
}

/** As `lineage`, and for a standby that was closed where the live colour took over, by their notes. */
function relationOf(live: DeploymentState, standby: DeploymentState): Lineage {
  const relation = lineage(live.replication, standby.replication, standby.gate.unopened);
  if (relation !== "unknown") return relation;
  const isKnown = standby.gate.fed !== undefined || placeIn(live, standby) !== undefined;
  const isOver = isKnown || wasTakenOver(standby, keptTakeOver(live)?.of);
  return isOver ? "nothing of its own" : "unknown";
}

/**
 * Whether a primary that follows nobody may be linked again on the way to making it live. An older one only where a
 * cut-off cutover left it so, since that had its link up: one that was left behind on purpose could continue as well, but
 * would not understand all that the newer one sends, and drift in silence.
 */
export function leftByCutOffCutover(live: DeploymentState, standby: DeploymentState): boolean {
  return standby.gate.unopened === true || canReplicate(live.version, standby.version).ok;
}

async function awaitSync(
  input: LinkInput,
  before: Pick<LinkView, "leader" | "fullCopies">,
  canCopy: boolean,
): Promise<void> {
  const { live, standby, progress } = input;
  const began = performance.now();
  let said = 0;
  let arrived = false;
  await until(
    async () => {
      const found = await lookAtLink(live, standby);
      if (found.follower.linkUp) {
        return found.leader.offset - found.follower.offset <= IN_SYNC_BYTES ? true : undefined;
      }
      if (!canCopy && found.fullCopies > before.fullCopies) {
        await unfollow(standby);
        throw new RefusedError(
          `${standby.colour} could not continue behind ${live.colour}: link cut, its data kept. The way back is its backup`,
        );
      }
      arrived ||= hasArrived(before, found);
      if (!arrived) await refuseIfLost(input, performance.now() - began);
      if (performance.now() - said > 2_000) {
        said = performance.now();
        progress(
          `${standby.colour} ${arrived ? "is being copied from" : "connects to"} ${live.colour}${found.left}`,
        );
      }
      return undefined;
    },
    {
      timeoutMs: input.syncTimeoutMs,
      intervalMs: 100,
      what: `${standby.colour} is in sync with ${live.colour} (${input.pathPrefix}guardrails.syncTimeoutMs)`,
    },
  );
  progress(`${standby.colour} follows ${live.colour}, in sync`);
}

/** Both ends, and how much of a copy is left to receive. */
async function lookAtLink(
  live: Deployment,
  standby: Deployment,
): Promise<LinkView & { follower: ReplicationState; left: string }> {
  const [leader, stats, standbyInfo] = await Promise.all([
    live.primary.replication(),
    live.primary.info("stats"),
    standby.primary.info("replication"),
  ]);
  const left = infoNumber(standbyInfo, "master_sync_left_bytes");
  return {
    leader,
    fullCopies: infoNumber(stats, "sync_full"),
    follower: replicationStateOf(standbyInfo),
    left: left > 0 ? `, ${left} bytes left` : "",
  };
}

async function refuseIfLost(
  { live, standby, syncTimeoutMs, pathPrefix }: LinkInput,
  waitedMs: number,
): Promise<void> {
  if (waitedMs < arrivalTimeoutMs(syncTimeoutMs)) return;
  // A server that still loads its data neither connects nor lets anybody connect.
  const ends = await Promise.all([live, standby].map(({ primary }) => primary.info("persistence")));
  if (ends.some((persistence) => infoNumber(persistence, "loading") === 1)) return;
  throw new RefusedError(neverArrived(standby.target, live.target, pathPrefix, waitedMs));
}
