import { answered, finalRead, type Call, type KeyHistory, type Violation } from "./history.ts";

/** A value's write together with the reads that saw it. */
interface Cluster {
  value: number;
  /** Undefined for what was there before anybody wrote. */
  write: Call | undefined;
  /** When the first of them had ended, and when the last of them began. */
  firstEnd: number;
  lastStart: number;
}

/**
 * Every value is written once, so each read tells whose write it saw. Then an order exists exactly when no value is read
 * before it is written, no two values were both there for certain at overlapping times, and no write lies wholly within
 * the time in which another value was there for certain (Gibbons and Korach, 1997).
 */
export function checkRegister(history: KeyHistory): Violation[] {
  const { key, final } = history;
  const reads = answered(history, "get");
  if (final !== undefined) reads.push(finalRead(history, "get", final.number ?? 0));
  const { clusters, foreign } = clustersOf(history, reads);
  const violations: Violation[] = foreign.map((value) => ({
    kind: "repeated",
    key,
    seen: `${value} was read, nobody had written it`,
  }));
  const certain = clusters
    .filter(({ firstEnd, lastStart }) => firstEnd < lastStart)
    .sort((a, b) => a.firstEnd - b.firstEnd);
  let longest: Cluster | undefined;
  for (const cluster of certain) {
    if (longest !== undefined && cluster.firstEnd < longest.lastStart) {
      violations.push({ kind: "lost", key, seen: `${longest.value} came back over ${cluster.value}` });
    }
    if (longest === undefined || cluster.lastStart > longest.lastStart) longest = cluster;
  }
  return [...violations, ...swallowed(key, clusters, certain)];
}

function clustersOf(
  { calls }: KeyHistory,
  reads: readonly (Call & { reply: number })[],
): { clusters: Cluster[]; foreign: number[] } {
  const initial = { value: 0, write: undefined, firstEnd: -Infinity, lastStart: -Infinity };
  const byValue = new Map<number, Cluster>([[0, initial]]);
  for (const call of calls) {
    if (call.kind !== "set" || call.outcome === "fail") continue;
    const { value, endedAt, invokedAt } = call;
    byValue.set(value, { value, write: call, firstEnd: endedAt, lastStart: invokedAt });
  }
  const foreign = new Set<number>();
  const seen = new Set<Cluster>();
  for (const { reply, invokedAt, endedAt } of reads) {
    const cluster = byValue.get(reply);
    if (cluster === undefined || endedAt < (cluster.write?.invokedAt ?? -Infinity)) {
      foreign.add(reply);
      continue;
    }
    seen.add(cluster);
    cluster.firstEnd = Math.min(cluster.firstEnd, endedAt);
    cluster.lastStart = Math.max(cluster.lastStart, invokedAt);
  }
  // What was never answered and never seen need not have happened.
  const clusters = [...byValue.values()].filter((c) => c.write?.outcome !== "unknown" || seen.has(c));
  return { clusters, foreign: [...foreign] };
}

/** Writes that began and ended while another value was there for certain, before and after them. */
function swallowed(key: string, clusters: Cluster[], certain: Cluster[]): Violation[] {
  return clusters.flatMap((cluster) => {
    if (cluster.write === undefined || cluster.firstEnd < cluster.lastStart) return [];
    const over = certain.find(
      ({ firstEnd, lastStart }) => firstEnd < cluster.lastStart && cluster.firstEnd < lastStart,
    );
    return over === undefined
      ? []
      : [{ kind: "lost", key, seen: `${cluster.value} was written and ${over.value} was still there` }];
  });
}
