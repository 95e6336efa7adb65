import type { DeploymentState } from "./deployment.ts";
import { atLeast } from "./serverVersion.ts";

/** Where a history ended on one server for another to go on. */
export interface Handover {
  replid: string;
  offset: number;
  /**
   * The database that the stream is in there; a stream that goes on says it only where it changes. Absent where it isn't
   * known: then nothing may be applied before the stream names one. What follows a promotion always does (`REPLICAOF NO ONE`;
   * measured with 6.0.16, 7.0.15, 8.0.2, 8.6.3, Valkey 8.1 and 9.1).
   */
  database?: number;
}

/** Whether two places are one. */
export function isSame(a: Handover | undefined, b: Handover | undefined): boolean {
  return a !== undefined && a.replid === b?.replid && a.offset === b.offset;
}

/** Begins the key pattern of the proxy's user that notes a handover, `<replid>:<offset>` or `<replid>:<offset>:<database>`; see gate.ts. */
export const HANDED_OVER = "redis-bluegreen:handed-over:";

/** The same for the name of the clients' user of a colour that the bridge feeds, which is off meanwhile. */
export const FED = "redis-bluegreen:fed:";

/** The same for `<maxmemory-policy>:<maxmemory>` to go back to, as neither applies to a standby. */
export const EVICTION = "redis-bluegreen:eviction:";

/** The same for the `run_id` of the server when a note was made: after a restart its data may be older than its notes. */
export const RUN = "redis-bluegreen:run:";

/** The same for a word of its own: every key is to be copied, whatever an earlier bridge noted on the server. */
export const ANEW = "redis-bluegreen:anew:";

/** A cutover made the server a primary, and nobody opened it since. */
export const UNOPENED = "redis-bluegreen:unopened";

/** The server is closed and the other colour is opened by an update that finishes another one's cutover, or serves. */
export const LEFT_BEHIND = "redis-bluegreen:left-behind";

/** The same for what a promoted colour took over: `<replid>:<offset>` of the other one's history, and of its own if it was fed. */
const TOOK_OVER = "redis-bluegreen:took-over:";

/** How the history of a colour that was promoted goes on from the other one's. */
export interface TakeOver {
  /** Where the other colour's history ended. */
  of: Handover;
  /**
   * Where this colour's own one stood when it was opened with everything up to there. Absent where it was the other one's
   * replica: then its second history is the other one's.
   */
  at?: Handover;
  /**
   * `run_id` of the process that took over: what still runs has lost nothing of it. Its replication ID says less, as a
   * primary without replicas takes another one when its backlog ends (`repl-backlog-ttl`, an hour; measured with 6.0.16 and 8.0.2).
   */
  run?: string;
}

/** What a promoted colour took over; undefined once it came back from a file that is older than that, or may be. */
export function keptTakeOver({
  gate: { tookOver, runId },
  replication: { replid, offset, replid2, secondOffset },
}: Pick<DeploymentState, "gate" | "replication">): TakeOver | undefined {
  if (tookOver === undefined) return undefined;
  const { of, at, run } = tookOver;
  if (run === runId && offset >= (at ?? of).offset) return tookOver;
  const isKept =
    at === undefined
      ? of.replid === replid2 && of.offset + 1 === secondOffset
      : at.replid === replid || (at.replid === replid2 && at.offset < secondOffset);
  return isKept ? tookOver : undefined;
}

/**
 * Whether a closed standby ended its history where another server took it over. Before 6.2 it can't have a note of that; what
 * it added since is the expiry of keys.
 */
export function wasTakenOver(
  {
    gate: { handedOver },
    replication: { replid, offset },
    version,
  }: Pick<DeploymentState, "gate" | "replication" | "version">,
  of: Handover | undefined,
): boolean {
  if (of === undefined || handedOver !== undefined || atLeast(version.version, "6.2")) {
    return isSame(of, handedOver);
  }
  return replid === of.replid && offset >= of.offset;
}

/** Of the field `keys` of ACL GETUSER: Redis 6 answers with a list, Redis 7 with a text of patterns, each behind a `~`. */
export function keyPatterns(reply: unknown): string[] {
  if (Array.isArray(reply)) return reply.map(String);
  return typeof reply === "string" ? reply.split(" ").map((pattern) => pattern.replace(/^~/, "")) : [];
}

/** The handover that is noted among key patterns. */
export function handoverIn(patterns: readonly string[]): Handover | undefined {
  const [handover] = placesIn(patterns, HANDED_OVER) ?? [];
  const database = notedIn(patterns, HANDED_OVER)?.split(":")[2];
  return handover && database ? { ...handover, database: Number(database) } : handover;
}

/** The note that `handoverIn` reads; none where there is no handover. */
export function handedOverNotes(handover: Handover | undefined): string[] {
  if (handover === undefined) return [];
  const { replid, offset, database } = handover;
  const words = database === undefined ? [replid, offset] : [replid, offset, database];
  return [`${HANDED_OVER}${words.join(":")}`];
}

/** The takeover that is noted among key patterns. */
export function takeOverIn(patterns: readonly string[]): TakeOver | undefined {
  const [of, at] = placesIn(patterns, TOOK_OVER) ?? [];
  if (of === undefined) return undefined;
  const run = notedIn(patterns, RUN);
  return { of, ...(at === undefined ? {} : { at }), ...(run === undefined ? {} : { run }) };
}

/** The notes that `takeOverIn` reads; none where nothing was taken over. */
export function takeOverNotes(takeOver: TakeOver | undefined): string[] {
  if (takeOver === undefined) return [];
  const { of, at, run } = takeOver;
  const own = at === undefined ? [] : [at.replid, at.offset];
  const place = `${TOOK_OVER}${[of.replid, of.offset, ...own].join(":")}`;
  return run === undefined ? [place] : [place, `${RUN}${run}`];
}

/** What follows a prefix among key patterns. */
export function notedIn(patterns: readonly string[], prefix: string): string | undefined {
  return patterns.find((pattern) => pattern.startsWith(prefix))?.slice(prefix.length);
}

function placesIn(patterns: readonly string[], prefix: string): Handover[] | undefined {
  const words = notedIn(patterns, prefix)?.split(":");
  return words?.flatMap((replid, i) =>
    i % 2 === 0 && replid !== "" && words[i + 1] ? [{ replid, offset: Number(words[i + 1]) }] : [],
  );
}
