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
  /** A transaction of the earlier bridge may have been refused. */
  doubtAll: boolean;
  /** How many of its transactions took no effect. */
  missing: number;
}

/**
 * Tells from what the target holds where to go on. A position that is older than the cutover that closed it is void.
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
  if (position !== undefined && !position.copying && (since === undefined || position.since === since)) {
    return {
      from: { replid: position.replid, offset: position.confirmed.offset },
      position: { ...position, batches: facts.batches },
      resumed: true,
      doubtAll: facts.batches !== position.batches,
      missing: position.batches - facts.batches,
    };
  }
  const interrupted = position?.copying === true && (since === undefined || position.since === since);
  const restarted = run !== undefined && run !== facts.runId;
  const place = { offset: handedOver?.offset ?? 0, database: handedOver?.database ?? UNKNOWN_DATABASE };
  return {
    from: interrupted || restarted ? undefined : handedOver,
    position: {
      replid: handedOver?.replid ?? "?",
      applied: place,
      confirmed: place,
      batches: facts.batches,
      since: since ?? "-",
      copying: false,
    },
    resumed: false,
    doubtAll: false,
    missing: 0,
  };
}
