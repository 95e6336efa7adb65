import type { KeyFingerprint } from "./keyFingerprint.ts";

/** What of two readings of a key counts as equal. Times in milliseconds. */
export interface Tolerance {
  /** Between two absolute expiries. 0 where both servers tell them and the writes carry them as such. */
  expiryMs: number;
  /** A key that expires this soon may be gone on one side already. */
  graceMs: number;
  /** Both servers have the same version, so that DUMP payloads can be compared. */
  sameVersion: boolean;
}

/**
 * Why two readings of one key are not the same, or nothing where they are. `names` stand in the sentence: what the
 * two servers are called.
 */
export function keyDifference(
  a: KeyFingerprint,
  b: KeyFingerprint,
  tolerance: Tolerance,
  names: readonly [string, string],
): string | undefined {
  if (a.type === "none" || b.type === "none") {
    const [present, absentName] = a.type === "none" ? [b, names[0]] : [a, names[1]];
    return present.type === "none" || expired(present, Math.max(a.readAt, b.readAt), tolerance)
      ? undefined
      : `missing on ${absentName}`;
  }
  if (a.type !== b.type) return `${a.type} on ${names[0]}, ${b.type} on ${names[1]}`;
  if (a.opaque && !tolerance.sameVersion) return `${a.type} can't be compared between these versions`;
  if (a.digest !== b.digest) return `${a.type} with different content`;
  return expiryDifference(a, b, tolerance, names);
}

function expiryDifference(
  a: KeyFingerprint,
  b: KeyFingerprint,
  tolerance: Tolerance,
  names: readonly [string, string],
): string | undefined {
  if (a.expiresAt === b.expiresAt) return undefined;
  if (a.expiresAt !== undefined && b.expiresAt !== undefined) {
    if (Math.abs(a.expiresAt - b.expiresAt) <= tolerance.expiryMs) return undefined;
  }
  return `${expiryOf(a)} on ${names[0]}, ${expiryOf(b)} on ${names[1]}`;
}

function expiryOf(fingerprint: KeyFingerprint): string {
  if (fingerprint.expiresAt === undefined) return "never expires";
  return `expires at ${new Date(fingerprint.expiresAt).toISOString()}`;
}

/** Each server expires keys by its own clock, and a replica keeps an expired one until its master says so. */
function expired(present: KeyFingerprint, now: number, tolerance: Tolerance): boolean {
  return present.expiresAt !== undefined && present.expiresAt <= now + tolerance.graceMs;
}
