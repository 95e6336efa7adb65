import { notedIn } from "./handover.ts";
import { infoNumber, type InfoFields } from "./infoReply.ts";

/** Begins the key pattern of the proxy's user that notes `<run_id>:<count>` when following begins; see gate.ts. */
const REJECTED = "redis-bluegreen:rejected:";

/** The same for `<what>:<count>` once it is known that a standby's data has drifted. */
const DRIFTED = "redis-bluegreen:drifted:";

/** What a server had rejected of its leader's commands when it began to follow. */
export interface RejectedBefore {
  /** `run_id`: another process counts from 0. */
  run: string;
  count: number;
}

/** What a standby lacks of the colour that it follows, or has otherwise. */
export interface Drift {
  /** Commands that it rejected, or keys that a comparison found to differ. */
  what: "commands" | "keys";
  count: number;
}

/**
 * The note that `rejectedBeforeIn` reads.
 * @param info the server's INFO EVERYTHING
 */
export function rejectedBeforeNote(info: InfoFields): string {
  return `${REJECTED}${info.get("run_id") ?? ""}:${countOf(info)}`;
}

/** What is noted among key patterns. */
export function rejectedBeforeIn(patterns: readonly string[]): RejectedBefore | undefined {
  const [run = "", count] = notedIn(patterns, REJECTED)?.split(":") ?? [];
  return count === undefined ? undefined : { run, count: Number(count) };
}

/** The note that `driftIn` reads; none where there is no drift. */
export function driftNotes(drift: Drift | undefined): string[] {
  return drift === undefined ? [] : [`${DRIFTED}${drift.what}:${drift.count}`];
}

/** The drift that is noted among key patterns. */
export function driftIn(patterns: readonly string[]): Drift | undefined {
  const [what, count] = notedIn(patterns, DRIFTED)?.split(":") ?? [];
  return what === "commands" || what === "keys" ? { what, count: Number(count) } : undefined;
}

/**
 * What is known of a standby's drift. A follower that rejects a command of its leader goes on behind it, with its offset
 * and its number of keys as if nothing had happened (measured: Redis 6.0 to 8.0), so that nothing but
 * `unexpected_error_replies` tells. What that counted before the server began to follow is no drift.
 * @param gate its notes
 * @param info its INFO EVERYTHING
 */
export function driftOf(
  gate: { drift?: Drift; rejectedBefore?: RejectedBefore },
  info: InfoFields,
): Drift | undefined {
  if (gate.drift !== undefined) return gate.drift;
  if (gate.rejectedBefore === undefined) return undefined;
  const rejected = countOf(info) - (isStillCounted(gate, info) ? gate.rejectedBefore.count : 0);
  return rejected > 0 ? { what: "commands", count: rejected } : undefined;
}

/**
 * Whether a follower's counters go back to when it began to follow. A restart begins them anew, and so does CONFIG RESETSTAT,
 * which forgets the REPLICAOF that came with the note as well (measured with 6.0.16, 7.0.15, 8.0.2, Valkey 8.1 and 9.1).
 */
export function isStillCounted(
  { rejectedBefore }: { rejectedBefore?: RejectedBefore },
  info: InfoFields,
): boolean {
  return rejectedBefore?.run === info.get("run_id") && info.has("cmdstat_replicaof");
}

/** A clause. */
export function describeDrift(standby: string, leader: string, { what, count }: Drift): string {
  return what === "commands"
    ? `${standby} rejected ${count} replicated commands of ${leader} (unexpected_error_replies): its data has drifted`
    : `${count} keys of ${standby} were found to differ from those of ${leader}: its data has drifted`;
}

function countOf(info: InfoFields): number {
  return infoNumber(info, "unexpected_error_replies");
}
