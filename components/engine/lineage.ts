import type { ReplicationState } from "./replicationState.ts";

/**
 * How one server's data relates to another's, told from replication IDs and offsets alone. A promotion starts a new
 * history and keeps the old one's ID and end beside it (Redis >= 4.0).
 */
export type Lineage =
  /** Everything on `other` is also on `base`, and replication continues from there without a full copy. */
  | "continues"
  /** Nothing was written on `other` since it left `base`, but replication would start with a full copy. */
  | "nothing of its own"
  /** `other` may hold what `base` doesn't. */
  | "unknown";

/**
 * What `other` holds compared with `base`, when `other` is to follow `base`.
 * @param unopened `other` was closed to writes ever since it was promoted: whatever it added to its history by itself is
 *   the expiry of keys, which `base` expires as well
 */
export function lineage(base: ReplicationState, other: ReplicationState, unopened = false): Lineage {
  if (other.replid === base.replid && other.offset <= base.offset) return "continues";
  if (other.replid === base.replid2 && other.offset < base.secondOffset) return "continues";
  // Promoted and then left alone: its history ends where it began.
  const leftAlone = unopened || other.offset + 1 === other.secondOffset;
  if (other.replid2 === base.replid && other.secondOffset <= base.offset + 1 && leftAlone) {
    return "nothing of its own";
  }
  return "unknown";
}
