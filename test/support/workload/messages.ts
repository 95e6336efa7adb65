import type { Audit } from "./audit.ts";
import type { ClientEndpoint } from "./endpoint.ts";

/** What a workload does. */
export interface WorkloadOptions {
  /** Where the clients connect: the stack's write endpoint. */
  endpoint: ClientEndpoint;
  /** ioredis clients, one connection each. Default 8. */
  clients?: number;
  /** Operations that a client has under way at a time, each on keys of its own. Default 4. */
  lanesPerClient?: number;
  /** Operations per second and client, at most. Default 300. */
  ratePerClient?: number;
  /** The workload stops asking by itself after this time. Default 3,600,000 (an hour). */
  maxDurationMs?: number;
  /** How long `stop` waits for operations that are under way; then they count as never answered. Default 60,000. */
  drainTimeoutMs?: number;
  /** Of all keys; must be new for each workload on the same data. Default `workload:<random>`. */
  keyPrefix?: string;
  /** For the mix of operations. Default 1. */
  seed?: number;
}

/** Options with every default filled in. */
export type CompleteWorkloadOptions = Required<WorkloadOptions>;

/** What the parent asks of the workload's process; every request is answered once, in order. */
export type Request =
  | { type: "start"; options: CompleteWorkloadOptions }
  | { type: "mark"; window: string }
  | { type: "count" }
  | { type: "stop"; auditAt: ClientEndpoint };

/** The process's answers. */
export type Reply =
  | { type: "started" }
  | { type: "marked" }
  | { type: "counted"; acknowledgedWrites: number }
  | { type: "stopped"; result: WorkloadResult };

/** What the audit found, and how the process itself fared. */
export interface WorkloadResult extends Audit {
  /** Operations of all kinds that clients asked for. */
  operations: number;
  /** From the start to the stop, in milliseconds. */
  durationMs: number;
  /**
   * The longest that the workload's own process was kept from running, in milliseconds: a client gap of this size
   * says nothing about Redis.
   */
  ownStallMs: number;
}
