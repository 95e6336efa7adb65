import { isWrite, type LaneHistory, type LaneState } from "../../../test/support/workload/history.ts";
import type { ClientTrace, Sight } from "./messages.ts";
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
 * The write pause as clients saw it, in milliseconds, and where it went.
 * @param server run ID of the new server
 * @param lossy whether anything was lost: else every write survived
 */
export function pausesOf(
  lanes: readonly SeenLane[],
  server: string,
  lossy: boolean,
): Pick<Sight, "pauseMs" | "silenceMs" | "trace"> {
  const writes = lanes.flatMap(acknowledgedBy);
  const old = writes.filter(({ epoch }) => epoch.server !== server);
  const last = latest(old);
  const survivor = lossy ? latest(old.filter(({ present }) => present)) : last;
  const first = writes
    .filter(({ epoch }) => epoch.server === server)
    .reduce<Acknowledged | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined);
  if (first === undefined) return {};
  const { epoch, at } = first;
  return {
    ...(last === undefined ? {} : { silenceMs: at - last.at }),
    ...(survivor === undefined
      ? {}
      : { pauseMs: at - survivor.at, trace: partsBetween(survivor.at, epoch, at) }),
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
function partsBetween(from: number, { closedAt, connectedAt, since }: Epoch, to: number): ClientTrace {
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
