import type { KeyFingerprint } from "./keyFingerprint.ts";

/** What one look saw of a key that is not the same on both servers. */
export interface Difference {
  reason: string;
  /** Twice the same: before and after the other one was read. */
  master: KeyFingerprint;
  replica: KeyFingerprint;
  /** For so long it may differ without having to, in milliseconds: either server expires fields when it likes. */
  graceMs: number;
}

/** What looks at a key have seen so far. Times in milliseconds. */
export interface Sighting {
  /** What the last ones saw, all the same; absent where the last one saw nothing certain. */
  difference?: Difference;
  since: number;
  looks: number;
  /** Some look saw something else, so that clients write to the key. */
  wavers: boolean;
  /** Some look saw a difference, which may have been a value that was put back meanwhile. */
  differed: boolean;
  /** The first look at which the other server held what the master had before or after, which was not the same. */
  agreedAt?: number;
}

/**
 * A value that is put back within a look is seen as one that was never anything else: a lock that was taken and given back.
 * Of a key that is on either of two values half of the time, so many looks in a row see the same by a chance of 1 in 10⁷.
 */
export const SAME_LOOKS = 8;
/** So many have to be the same where there is no time for more. */
const LEAST_LOOKS = 2;
/** For so long a key that never stands still for a look has to show no difference to count as equal, in milliseconds. */
export const AGREES_MS = 1_000;

/**
 * Takes the next look at a key into account.
 * @param difference absent: the look decided nothing
 * @param isSame whether two readings of one server are the same
 * @param agrees the master moved on meanwhile, and the other server holds what it had before or after
 */
export function sightAgain(
  before: Sighting | undefined,
  difference: Difference | undefined,
  isSame: (a: KeyFingerprint, b: KeyFingerprint) => boolean,
  now: number,
  agrees = false,
): Sighting {
  const differed = difference !== undefined || before?.differed === true;
  const agreedAt = before?.agreedAt ?? (agrees ? now : undefined);
  const seen = { differed, ...(agreedAt === undefined ? {} : { agreedAt }) };
  if (difference === undefined) return { ...seen, since: now, looks: 0, wavers: true };
  const last = before?.difference;
  const continues =
    last !== undefined && isSame(last.master, difference.master) && isSame(last.replica, difference.replica);
  if (before !== undefined && continues) return { ...before, looks: before.looks + 1 };
  return { ...seen, difference, since: now, looks: 1, wavers: before !== undefined };
}

/**
 * Whether a key that never stands still for a look is equal. A counter that is one behind also holds what the master had a
 * moment before, but sooner or later some look shows a difference; with `last`, there are no more looks.
 */
export function isEqual({ differed, agreedAt }: Sighting, now: number, last: boolean): boolean {
  return !differed && agreedAt !== undefined && (last || now - agreedAt >= AGREES_MS);
}

/** Whether a difference is one; with `last`, there are no more looks. */
export function isCertain(
  { looks, since, wavers, difference }: Sighting,
  now: number,
  last: boolean,
): boolean {
  if (difference === undefined) return false;
  if (last) return !wavers && looks >= LEAST_LOOKS;
  return looks >= SAME_LOOKS && now - since >= difference.graceMs;
}
