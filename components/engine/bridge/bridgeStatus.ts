import type { Colour } from "../colour.ts";
import type { CopyProgress } from "./fullCopy.ts";
import type { Position } from "./position.ts";
import type { UnrepresentableKind } from "./unrepresentable.ts";

/**
 * - `armed`: neither colour is fed; the bridge is attached to `source`, the standby, and applies nothing.
 * - `applying`: what the source emits takes effect on the target.
 * - `resyncing`: the dataset is copied key by key, because continuity was lost or never was.
 * - `waiting`: a server can't be reached, or refuses, or both are to be fed; `reason` says which.
 * - `stopped`: `stop` was called.
 */
export type BridgeState = "armed" | "applying" | "resyncing" | "waiting" | "stopped";

/** What a bridge says of itself. */
export interface BridgeStatus {
  state: BridgeState;
  /** Why it waits, one sentence without a full stop. */
  reason?: string;
  /** Whose stream is read. */
  source?: Colour;
  /** Whom it is applied to; absent while none is fed. */
  target?: Colour;
  /** Where the target stands; absent before it was known. */
  position?: Position;
  /** Where the source stood when it was asked last, in bytes. */
  sourceOffset?: number;
  /** Bytes of the source's history whose effect on the target is not known yet. */
  lagBytes: number;
  /** How old the oldest of these is, about. */
  lagSeconds: number;
  /** Keys that are copied again; the target has every write up to `position` once this is 0. */
  staleKeys: number;
  /** While resyncing. */
  progress?: CopyProgress;
  /** What the target can't represent, by kind; empty: a rollback is lossless. */
  unrepresentable: Record<string, UnrepresentableKind>;
  /** The target's clock less the source's, in milliseconds; keys expire on the target by its own clock. */
  clockSkewMs?: number;
  /** The source was seen within the last five seconds, and the target has everything but the last five. */
  lossless: boolean;
}
