import { sinceAnew, UNKNOWN_DATABASE, type HistoryPlace, type Position } from "./position.ts";
import type { ServerGate } from "./serverGate.ts";
import type { TargetFacts } from "./targetLink.ts";

/** Where a bridge goes on. */
export interface Start {
  /** Asked of the source; absent: nothing is known of the target, the dataset has to be copied. */
  from: HistoryPlace | undefined;
  position: Position;
  /** An earlier bridge's notes hold; else they are removed. */
  resumed: boolean;
}

/**
 * Tells from what the target holds where to go on. A position that is older than the cutover that closed it is void. Where a
 * transaction of an earlier bridge was refused, and one behind it was not, everything is copied: what it would have noted of
 * keys is nowhere else, and copies that it was part of are noted as whole.
 * @param handedOver what that cutover noted; it counts in the run of the server in which it was made, since a restart may
 *   have brought back older data, where a position tells its own place
 * @param anew voids every position that was not begun under this word
 */
export function startFrom(
  facts: TargetFacts,
  { handedOver, run, anew }: Pick<ServerGate, "handedOver" | "run" | "anew">,
): Start {
  const since =
    handedOver === undefined ? anew && sinceAnew(anew) : `${handedOver.replid}:${handedOver.offset}`;
  const { position } = facts;
  const isOurs = position !== undefined && (since === undefined || position.since === since);
  if (isOurs && isWhole(facts, position)) {
    return {
      from: { replid: position.replid, offset: position.confirmed.offset },
      position,
      resumed: true,
    };
  }
  const restarted = run !== undefined && run !== facts.runId;
  const place = { offset: handedOver?.offset ?? 0, database: handedOver?.database ?? UNKNOWN_DATABASE };
  return {
    from: isOurs || restarted ? undefined : handedOver,
    position: {
      replid: handedOver?.replid ?? "?",
      applied: place,
      confirmed: place,
      batches: facts.batches,
      since: since ?? "-",
      copying: false,
    },
    resumed: false,
  };
}

/** Whether everything that the notes say is so, and they say all. */
function isWhole({ batches, stale }: TargetFacts, position: Position): boolean {
  return !position.copying && batches === position.batches && stale !== undefined;
}
