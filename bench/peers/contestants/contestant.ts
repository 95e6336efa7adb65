import type { PhaseRecord } from "../../../components/engine/cutover/phases.ts";
import type { ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import type { ClientTarget } from "../clients/messages.ts";

/** The contestants' names, in the order in which they take turns. */
export const CONTESTANTS = ["cutover", "failover", "sentinel", "restart"] as const;

/** One of them: ours is `cutover`. */
export type ContestantName = (typeof CONTESTANTS)[number];

/** What a contestant reports of a move itself. */
export interface OwnReport {
  /** The write pause by its own account, in milliseconds; absent where it can't tell. */
  pauseMs?: number;
  phases?: PhaseRecord[];
}

/** A way to move clients from the old version to the new one. */
export interface Contestant {
  /** Makes ready all that is there before an upgrade; the old version serves. Answers with where clients connect. */
  prepare(): Promise<ClientTarget>;
  /** Moves to the new version; resolves when it has done its part. */
  move(): Promise<OwnReport>;
  /** Run ID of the server that clients are to be found on now, and where its data can be read. */
  arrived(): Promise<{ server: string; auditAt: ClientEndpoint }>;
  /** Removes what it started; the scene's servers are made ready by the scene. */
  finish(): Promise<void>;
}
