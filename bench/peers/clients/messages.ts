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

/** What the clients do. */
export interface ClientsOptions {
  target: ClientTarget;
  /** One ioredis client each. */
  connections: number;
  /** `load`: all of them write. `idle`: one does, one write after the other, to see the pause by; the rest rest. */
  load: "idle" | "load";
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

/** What clients saw of a switch. Times in milliseconds. */
export interface Sight {
  /**
   * From the last write that the old server acknowledged and that was still there at the end, to the first one that the
   * new server acknowledged. Absent where the new one acknowledged none.
   */
  pauseMs?: number;
  /** The same, from the last write that the old server acknowledged at all; negative where it went on meanwhile. */
  silenceMs?: number;
  /** Of the pause, for the client that wrote first on the new server. */
  trace?: ClientTrace;
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
  /** The longest that the clients' own process was kept from running. */
  ownStallMs: number;
}

/** What the parent asks of the clients' process; every request is answered once, in order. */
export type Request =
  | { type: "start"; options: ClientsOptions }
  | { type: "mark" }
  | { type: "progress"; server: string }
  | { type: "stop"; server: string; auditAt: ClientEndpoint };

/** The process's answers. */
export type Reply =
  | { type: "started"; keys: string[] }
  | { type: "marked" }
  /** Clients whose connection leads to the server that was asked for, and writes acknowledged so far. */
  | { type: "progressed"; moved: number; acknowledged: number }
  | { type: "stopped"; sight: Sight }
  | { type: "failed"; message: string };
