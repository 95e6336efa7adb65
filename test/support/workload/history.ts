/** What a client asked for: three kinds of writes, and the read of its own register. */
export type OperationKind = "increment" | "set" | "push" | "read";

/**
 * How an operation ended for the client: `ok` was acknowledged; `fail` got an error reply, so it surfaced and is
 * normally not applied; `unknown` was rejected by the client library or never answered, so it may be applied.
 */
export type Outcome = "ok" | "fail" | "unknown";

/** One operation as its client saw it. Times in milliseconds on the clock of the workload's process. */
export interface Operation {
  kind: OperationKind;
  /** Per key, from 1: what was written to the register or pushed on the list; a counter's and a read's is its index. */
  sequence: number;
  invokedAt: number;
  endedAt: number;
  outcome: Outcome;
  /** The counter's new value, the list's new length or the sequence read from the register (0: none was there). */
  reply?: number;
  /** The error that surfaced. */
  error?: string;
}

/**
 * What one lane did, in order. A lane is one of the few operations that a client has under way at a time: it waits for
 * each answer before it asks again and is the only writer of its three keys, so that the order of its operations
 * is the only order that the keys may show.
 */
export interface LaneHistory {
  /** The key that INCR goes to. */
  counter: string;
  /** The key that SET writes a growing sequence number to. */
  register: string;
  /** The key that RPUSH appends growing sequence numbers to. */
  list: string;
  operations: Operation[];
}

/** What a lane's keys hold after the workload. */
export interface LaneState {
  /** 0 where the key is missing. */
  counter: number;
  /** 0 where the key is missing. */
  register: number;
  /** Empty where the key is missing. */
  list: number[];
}

/** From `from` (ms, on the history's clock) until the next window starts. An operation belongs to where it was invoked. */
export interface Window {
  name: string;
  from: number;
}

/** Whether the operation changes data. */
export function isWrite(operation: Operation): boolean {
  return operation.kind !== "read";
}
