/** What clients ask of a key of each type. */
export const KINDS = {
  counter: ["increment", "readCounter"],
  register: ["set", "get"],
  list: ["push"],
  set: ["add", "contains"],
} as const;

/** A key's type. */
export type KeyType = keyof typeof KINDS;

/** What was asked. */
export type CallKind = (typeof KINDS)[KeyType][number];

/**
 * How an operation ended for its client: `ok` was answered; `fail` got an error reply or was never sent, so it was not
 * carried out; `unknown` was sent and never answered, so it was carried out once, later, or never.
 */
export type CallOutcome = "ok" | "fail" | "unknown";

/** One operation as its client saw it. Several clients may use the same key at the same time. */
export interface Call {
  key: string;
  kind: CallKind;
  /** What was set, pushed, added or asked for; unique among a key's sets and pushes. 0 where there is nothing to say. */
  value: number;
  /** Milliseconds since 1970 with fractions, on one clock for all clients. */
  invokedAt: number;
  /** When it was answered; `Infinity` where the outcome is unknown, since it may be carried out at any later time. */
  endedAt: number;
  outcome: CallOutcome;
  /**
   * The counter's value (0: none), the register's value (0: none), the list's length after the push, or for sets 1
   * (added, is in it) or 0 (was in it already, is not in it). Only where the outcome is `ok`.
   */
  reply?: number;
  /** The error that the client met. */
  error?: string;
}

/** What one key holds when every client has ended. */
export interface FinalValue {
  type: KeyType;
  /** A counter's or register's value; 0: the key is missing. */
  number?: number;
  /** A list's elements in order, or a set's members. */
  values?: number[];
}

/** Every call of one key, and what was there in the end; undefined where that could not be read. */
export interface KeyHistory {
  key: string;
  type: KeyType;
  calls: Call[];
  final: FinalValue | undefined;
}

/** Something that no order of the calls explains. */
export interface Violation {
  /** `repeated` also stands for a value that nobody asked for. */
  kind: "lost" | "repeated";
  key: string;
  /** What was seen, for people. */
  seen: string;
}

/** The answered calls of these kinds, in no particular order. */
export function answered(history: KeyHistory, ...kinds: CallKind[]): AnsweredCall[] {
  return history.calls.filter(
    (call): call is AnsweredCall =>
      call.outcome === "ok" && call.reply !== undefined && kinds.includes(call.kind),
  );
}

/** A call with its reply. */
export type AnsweredCall = Call & { reply: number };

/** The calls of this kind that may have been carried out, nobody knows, by time of invocation. */
export function open(history: KeyHistory, kind: CallKind): Call[] {
  return history.calls
    .filter((call) => call.kind === kind && call.outcome === "unknown")
    .sort((a, b) => a.invokedAt - b.invokedAt);
}

/** A read at the end, behind everything that was answered or asked for. */
export function finalRead(history: KeyHistory, kind: CallKind, reply: number): AnsweredCall {
  return {
    key: history.key,
    kind,
    value: 0,
    invokedAt: Infinity,
    endedAt: Infinity,
    outcome: "ok",
    reply,
  };
}
