import { COLOURS, otherColour, type Colour } from "../colour.ts";
import { isOpen, type DeploymentState } from "../deployment.ts";
import { lineage } from "../lineage.ts";
import { RefusedError } from "../progress.ts";

/** What was observed of both colours; a colour that isn't deployed or doesn't answer is absent. */
export type ObservedColours = Partial<Record<Colour, DeploymentState>>;

/** Where an upgrade stands, told from the servers alone. */
export type Situation =
  /** One colour serves; the other is a standby, a leftover of an abandoned cutover, or absent. */
  | { kind: "serving"; colour: Colour }
  /** A cutover was cut off after its point of no return: `to` holds everything and is to be opened. */
  | { kind: "finish"; from: Colour; to: Colour }
  /** A cutover was cut off while the gate closed, before the point of no return: `from` is to be opened again. */
  | { kind: "reopen"; from: Colour };

/**
 * Tells which colour serves, or how a cut-off cutover is to be settled.
 * @throws RefusedError where the servers contradict each other so that either choice could lose data
 */
export function situationOf(observed: ObservedColours): Situation {
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
  return closedSituation(observed);
}

function closedSituation(observed: ObservedColours): Situation {
  for (const to of COLOURS) {
    const from = otherColour(to);
    const [next, old] = [observed[to], observed[from]];
    if (next === undefined || old === undefined || next.replication.role !== "master") continue;
    // The promoted one's second history is the old one's, and the old one stopped where that ended.
    const relation = lineage(next.replication, old.replication);
    if (next.replication.replid2 === old.replication.replid && relation === "continues") {
      return { kind: "finish", from, to };
    }
    if (old.replication.role === "replica" && old.replication.replid === next.replication.replid) {
      return { kind: "finish", from, to };
    }
  }
  const masters = COLOURS.filter((colour) => observed[colour]?.replication.role === "master");
  if (masters.length === 1 && masters[0] !== undefined) return { kind: "reopen", from: masters[0] };
  for (const from of COLOURS) {
    const [old, other] = [observed[from], observed[otherColour(from)]];
    if (old === undefined || other === undefined) continue;
    if (lineage(old.replication, other.replication) === "nothing of its own") return { kind: "reopen", from };
  }
  throw new RefusedError(
    "no colour takes writes, and the servers don't tell which one holds the last write. Nothing is touched. Compare " +
      "INFO replication of both (replid, replid2, offsets), open the right one by hand (CONFIG SET " +
      "min-replicas-to-write 0, ACL SETUSER redis-bluegreen-proxy on, CONFIG REWRITE), and run pulumi up again",
  );
}
