import type { ClientEndpoint } from "../../../test/support/workload/endpoint.ts";

/** Where clients connect. */
export type ClientTarget =
  | { kind: "endpoint"; endpoint: ClientEndpoint }
  | {
      kind: "sentinel";
      group: string;
      sentinels: { host: string; port: number }[];
      /** Loopback addresses by the address that Sentinels know a server by. */
      published: Record<string, { host: string; port: number }>;
      password: string;
    };

/** What the clients of one process do. */
export interface ProcessOptions {
  target: ClientTarget;
  /** One ioredis client each. */
  connections: number;
  /** `rate`: 2,000 operations a second over all of them. `at once`: each asks again as soon as it was answered. */
  pace: "rate" | "at once" | "rest";
  /** Of all keys. */
  keyPrefix: string;
}

/** Where a client's time without an answer went. Milliseconds. */
export interface ClientTrace {
  /** Until its connection to the old server was closed. */
  untilClosed: number;
  /** Until it had a connection again: its library's delay before it tries, and its tries. */
  untilConnected: number;
  /** Until the library took it for ready: login and questions. */
  untilReady: number;
  /** Until the command was answered. */
  untilAnswered: number;
}

/** When the clients of one process wrote on either side of a switch. Milliseconds on the machine's monotonic clock. */
export interface Edges {
  /** The last write that the old server acknowledged, and the last of those that was still there at the end. */
  lastAt?: number;
  survivorAt?: number;
  /** The first one that the new server acknowledged, and the steps of its client's connection. */
  first?: { at: number; closedAt: number; connectedAt: number; since: number };
}

/** What the clients of one process saw of a switch. Times in milliseconds. */
export interface Sight {
  edges: Edges;
  /** Of reads and writes asked for since the move began: the longest time until one was answered. */
  longestWaitMs: number;
  waitTrace?: ClientTrace;
  /** Errors that surfaced, and writes acknowledged, since the move began. */
  errors: number;
  acknowledged: number;
  /** What the audit found, over the whole round. */
  lost: number;
  repeated: number;
  findings: string[];
  /** The longest that the process was kept from running. */
  ownStallMs: number;
}

/** What the parent asks of the clients' process; every request is answered once, in order. */
export type Request =
  | { type: "start"; options: ProcessOptions }
  | { type: "mark" }
  | { type: "progress"; server: string }
  | { type: "stop"; server: string; auditAt: ClientEndpoint };

/** The process's answers. */
export type Reply =
  | { type: "started"; keys: string[] }
  | { type: "marked" }
  /** Clients whose connection leads to the server that was asked for, and writes acknowledged so far. */
  | { type: "progressed"; moved: number; acknowledged: number }
  | { type: "stopped"; sight: Sight };
