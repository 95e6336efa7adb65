import type { ReplicationState } from "./redisServer.ts";

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

/** What `other` holds compared with `base`, when `other` is to follow `base`. */
export function lineage(base: ReplicationState, other: ReplicationState): Lineage {
  if (other.replid === base.replid && other.offset <= base.offset) return "continues";
  if (other.replid === base.replid2 && other.offset < base.secondOffset) return "continues";
  // Promoted and then left alone: its history ends where it began.
  if (
    other.replid2 === base.replid &&
    other.offset + 1 === other.secondOffset &&
    other.offset <= base.offset
  ) {
    return "nothing of its own";
  }
  return "unknown";
}
