import { isWrite, type LaneHistory, type LaneState } from "../../../test/support/workload/history.ts";
import type { ClientTrace, Edges, Sight } from "./messages.ts";
import type { Epoch } from "./trackedClient.ts";

/** A lane's history, what its keys hold at the end, and over which connection it was answered when. */
export interface SeenLane {
  history: LaneHistory;
  state: LaneState;
  epochAt: (time: number) => Epoch | undefined;
}

/** A write that was acknowledged. */
interface Acknowledged {
  at: number;
  epoch: Epoch;
  /** It is known to be there: a pushed element is or is not, where a counter hides one write behind another. */
  present: boolean;
}

/**
 * The writes next to a switch, as clients saw them.
 * @param server run ID of the new server
 * @param lossy whether anything was lost: else every write survived
 * @param origin of this process's clock on the common one
 */
export function edgesOf(lanes: readonly SeenLane[], server: string, lossy: boolean, origin = 0): Edges {
  const writes = lanes.flatMap(acknowledgedBy);
  const old = writes.filter(({ epoch }) => epoch.server !== server);
  const last = latest(old);
  const survivor = lossy ? latest(old.filter(({ present }) => present)) : last;
  const first = writes
    .filter(({ epoch }) => epoch.server === server)
    .reduce<Acknowledged | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined);
  return {
    ...(last === undefined ? {} : { lastAt: origin + last.at }),
    ...(survivor === undefined ? {} : { survivorAt: origin + survivor.at }),
    ...(first === undefined
      ? {}
      : {
          first: {
            at: origin + first.at,
            closedAt: origin + first.epoch.closedAt,
            connectedAt: origin + first.epoch.connectedAt,
            since: origin + first.epoch.since,
          },
        }),
  };
}

/** The write pause as clients saw it, in milliseconds. */
export interface Pauses {
  /**
   * From the last write that the old server acknowledged and that was still there at the end, to the first one that the
   * new server acknowledged. Absent where the new one acknowledged none.
   */
  pauseMs?: number;
  /** The same, from the last write that the old server acknowledged at all; negative where it went on meanwhile. */
  silenceMs?: number;
  /** Of the pause, for the client that wrote first on the new server. */
  trace?: ClientTrace;
}

/** Puts together what several processes saw. */
export function pausesOf(edges: readonly Edges[]): Pauses {
  const first = edges
    .flatMap((edge) => edge.first ?? [])
    .reduce<Edges["first"]>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined);
  const last = greatest(edges.flatMap(({ lastAt }) => lastAt ?? []));
  const survivor = greatest(edges.flatMap(({ survivorAt }) => survivorAt ?? []));
  if (first === undefined) return {};
  return {
    ...(last === undefined ? {} : { silenceMs: first.at - last }),
    ...(survivor === undefined
      ? {}
      : { pauseMs: first.at - survivor, trace: partsBetween(survivor, first, first.at) }),
  };
}

/** The operation that waited longest for its answer, of those asked for from `since` on, and where the time went. */
export function longestWaitOf(
  lanes: readonly SeenLane[],
  since: number,
): Pick<Sight, "longestWaitMs" | "waitTrace"> {
  let longest: Pick<Sight, "longestWaitMs" | "waitTrace"> = { longestWaitMs: 0 };
  for (const { history, epochAt } of lanes) {
    for (const { invokedAt, endedAt } of history.operations) {
      // Of reads as well, which wait for a connection like writes.
      if (invokedAt < since || endedAt - invokedAt <= longest.longestWaitMs) continue;
      const epoch = epochAt(endedAt);
      longest = {
        longestWaitMs: endedAt - invokedAt,
        ...(epoch === undefined ? {} : { waitTrace: partsBetween(invokedAt, epoch, endedAt) }),
      };
    }
  }
  return longest;
}

/** What of a time lies before, between and after the steps of a connection that was made in it. */
function partsBetween(
  from: number,
  { closedAt, connectedAt, since }: Pick<Epoch, "closedAt" | "connectedAt" | "since">,
  to: number,
): ClientTrace {
  const within = (time: number): number => Math.min(to, Math.max(from, time));
  const [closed, connected, ready] = [within(closedAt), within(connectedAt), within(since)];
  return {
    untilClosed: closed - from,
    untilConnected: connected - closed,
    untilReady: ready - connected,
    untilAnswered: to - ready,
  };
}

function acknowledgedBy({ history, state, epochAt }: SeenLane): Acknowledged[] {
  const elements = new Set(state.list);
  return history.operations.flatMap((operation) => {
    const epoch = epochAt(operation.endedAt);
    if (!isWrite(operation) || operation.outcome !== "ok" || epoch?.server === undefined) return [];
    const present = operation.kind === "push" && elements.has(operation.sequence);
    return [{ at: operation.endedAt, epoch, present }];
  });
}

function latest(writes: readonly Acknowledged[]): Acknowledged | undefined {
  return writes.reduce<Acknowledged | undefined>(
    (a, b) => (a === undefined || b.at > a.at ? b : a),
    undefined,
  );
}

function greatest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
