import type { ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import type { KeyHistory } from "../checker/history.ts";

/**
 * What a client does with a command that was sent and not answered when its connection ended: `resend` as the README
 * recommends it to applications, or give it up as `once`. Where a fault may lose an answer on its way, only the latter
 * can tell whether the servers repeated something or the client did.
 */
export type Manner = "resend" | "once";

/** What the clients of one case do. */
export interface ClientsOptions {
  endpoint: ClientEndpoint;
  manner: Manner;
  /** Of all keys; new for each case. */
  keyPrefix: string;
  seed: number;
}

/** What the parent asks of the clients' process; each request is answered once, in order. */
export type Request =
  | { type: "start"; options: ClientsOptions }
  | { type: "count" }
  | { type: "join"; timeoutMs: number }
  | { type: "stop" };

/** The process's answers. `writes`: answered so far, of each caller; `served`: a new connection's write was answered. */
export type Reply =
  | { type: "started" }
  | { type: "counted"; writes: number[] }
  | { type: "joined"; served: boolean }
  | { type: "stopped"; histories: KeyHistory[] };
