import { COLOURS, otherColour, type Colour } from "../colour.ts";
import { isOpen, type DeploymentState } from "../deployment.ts";
import { holdsUpTo, type Fed } from "../fed.ts";
import { isSame, keptTakeOver } from "../handover.ts";
import { lineage } from "../lineage.ts";
import { RefusedError } from "../progress.ts";
import { BRIDGE_USER } from "../users.ts";

/** What was observed of both colours; a colour that isn't deployed or doesn't answer is absent. */
export type ObservedColours = Partial<Record<Colour, DeploymentState>>;

/** Where an upgrade stands, told from the servers alone. */
export type Situation =
  /** One colour serves; the other is a standby, a leftover of an abandoned cutover, or absent. */
  | { kind: "serving"; colour: Colour }
  /**
   * A cutover was cut off after its point of no return: `to` holds everything and is to be opened. With `ifEqual`, `to`
   * was restarted since, so that only its data tells whether it still holds everything, and took nothing of its own.
   */
  | { kind: "finish"; from: Colour; to: Colour; ifEqual?: true }
  /** Nothing was moved, or nothing was ever open: `from` is to be opened. */
  | { kind: "reopen"; from: Colour };

/**
 * Tells which colour serves, or how a cut-off cutover is to be settled.
 * @param wanted the colour that is to be live, which decides only between two that were never used
 * @throws RefusedError where the servers contradict each other so that either choice could lose data
 */
export function situationOf(observed: ObservedColours, wanted: Colour): Situation {
  const open = COLOURS.filter((colour) => {
    const state = observed[colour];
    return state !== undefined && isOpen(state);
  });
  if (open.length === 1 && open[0] !== undefined) return { kind: "serving", colour: open[0] };
  if (open.length > 1) {
    throw new RefusedError(
      "both colours take writes. Neither is touched. Find out which one the clients use, close the other by hand " +
        "(CONFIG SET min-replicas-to-write 1000000, then CONFIG REWRITE), and run pulumi up again",
    );
  }
  return (
    interruptedCutover(observed) ??
    restartedPromotion(observed) ??
    firstOpening(observed, wanted) ??
    refuse("the servers don't tell which one holds the last write", fedByHand(observed))
  );
}

/** A cutover that was cut off while both gates were closed, told from whose history continues whose. */
function interruptedCutover(observed: ObservedColours): Situation | undefined {
  for (const to of COLOURS) {
    const from = otherColour(to);
    const [next, old] = [observed[to], observed[from]];
    if (next === undefined || old === undefined || next.replication.role !== "master") continue;
    if (tookOver(next, old) || wasFedAll(next, old)) return { kind: "finish", from, to };
    // The promoted one's second history is the old one's, and the old one stopped where that ended.
    const relation = lineage(next.replication, old.replication);
    if (next.replication.replid2 === old.replication.replid && relation === "continues") {
      return { kind: "finish", from, to };
    }
  }
  for (const from of COLOURS) {
    const [old, other] = [observed[from], observed[otherColour(from)]];
    if (old?.replication.role !== "master" || other === undefined || old.gate.fed !== undefined) continue;
    if (other.gate.fed !== undefined)
      return goesBackFrom(other.gate.fed, old) ? { kind: "reopen", from } : undefined;
    // A primary and its replica; not by their offsets, since they were not asked at the same instant.
    const isReplica = other.replication.role === "replica";
    if (isReplica && other.replication.replid === old.replication.replid) return { kind: "reopen", from };
    const relation = lineage(old.replication, other.replication, other.gate.unopened);
    if (relation !== "unknown") return { kind: "reopen", from };
  }
  return undefined;
}

/**
 * A colour that was promoted and is back after a restart, beside the one that it was promoted in place of, which may be
 * back after one as well. It says that it was never opened, but a server that is killed right after its opening comes
 * back with that note too: where both hold the same, neither has anything that the other lacks.
 */
function restartedPromotion(observed: ObservedColours): Situation | undefined {
  for (const to of COLOURS) {
    const from = otherColour(to);
    const [next, old] = [observed[to], observed[from]];
    if (next?.replication.role !== "master" || next.gate.unopened !== true || next.gate.fed !== undefined)
      continue;
    if (old?.replication.role !== "master" || old.gate.fed !== undefined) continue;
    return { kind: "finish", from, to, ifEqual: true };
  }
  return undefined;
}

/**
 * Whether `next` still is the primary to which `old` handed over: true after a restart of `old`, which gives it another
 * replication ID and maybe an older dataset, and no longer after one of `next`, which may have lost what it was given.
 * On an old one that is fed the note says where feeding began: that handover was finished long ago.
 */
function tookOver(next: DeploymentState, old: DeploymentState): boolean {
  const { handedOver, fed } = old.gate;
  if (fed !== undefined) return false;
  const { replid2, secondOffset } = next.replication;
  const isContinued = handedOver?.replid === replid2 && handedOver.offset + 1 === secondOffset;
  return isContinued || isSame(keptTakeOver(next)?.of, handedOver);
}

/** Whether the bridge had brought everything to `next` before `old` was closed for good; its note is part of the data. */
function wasFedAll(next: DeploymentState, old: DeploymentState): boolean {
  const { fed } = next.gate;
  const { handedOver } = old.gate;
  return fed !== undefined && handedOver !== undefined && holdsUpTo(fed, handedOver);
}

/**
 * Whether `old` may be opened again beside a colour that the bridge fed. What the bridge noted goes when clients are let in:
 * where it is there, nobody else has written. An old colour that was closed for good must still be whole.
 */
function goesBackFrom(fed: Fed, old: DeploymentState): boolean {
  const { handedOver } = old.gate;
  if (handedOver === undefined) return true;
  return fed.progress !== undefined && handedOver.replid === old.replication.replid;
}

/**
 * A colour that was never opened: the one of both that holds anything, and of two empty ones the one that is wanted.
 * An empty primary beside a colour with data is not opened: it may be a live server that lost its volume. Nor is then the
 * one with data, where it was closed for good: it may have been left behind long ago.
 */
function firstOpening(observed: ObservedColours, wanted: Colour): Situation | undefined {
  const preferred = [wanted, otherColour(wanted)].filter((colour) => observed[colour] !== undefined);
  const holders = preferred.filter((colour) => (observed[colour]?.keys ?? 0) > 0);
  const [from] = holders.length === 0 ? preferred : holders;
  const found = from && observed[from];
  if (holders.length > 1 || from === undefined || found?.replication.role !== "master") return undefined;
  const { fenced, handedOver, leftBehind } = found.gate;
  const wasLeft = fenced || handedOver !== undefined || leftBehind === true;
  const mayBeOld = found.keys > 0 && wasLeft && preferred.length > 1;
  return mayBeOld ? undefined : { kind: "reopen", from };
}

/** A colour that the bridge fed has more that was changed; by hand nobody would know of it. */
function fedByHand(observed: ObservedColours): string {
  return COLOURS.map((colour) => {
    const fed = observed[colour]?.gate.fed;
    if (fed === undefined) return "";
    const limit =
      fed.limit &&
      `, CONFIG SET maxmemory-policy ${fed.limit.policy}, CONFIG SET maxmemory ${fed.limit.bytes}`;
    return `, on ${colour} also ACL SETUSER ${fed.applicationUser} on, ACL SETUSER ${BRIDGE_USER} off${limit ?? ""}`;
  }).join("");
}

/**
 * Stops where either colour could be the one with the last write.
 * @param why a clause
 * @param more what has to be done beside the rest
 * @throws RefusedError always, with what the operator has to do
 */
export function refuse(why: string, more = ""): never {
  throw new RefusedError(
    `no colour takes writes, and ${why}. Nothing is touched. Compare ` +
      "INFO replication of both (replid, replid2, offsets), open the right one by hand (CONFIG SET " +
      `min-replicas-to-write 0, ACL SETUSER redis-bluegreen-proxy resetkeys on${more}, CONFIG REWRITE), and run pulumi up again`,
  );
}
