import type { Colour } from "../colour.ts";
import type { ServerVersion } from "../serverVersion.ts";

/** One side of an update. */
export interface ReportedColour {
  colour: Colour;
  version: ServerVersion;
}

/** What a phase did. Any of a cutover's `PhaseRecord`s is one. */
export interface ReportedPhase {
  name: string;
  durationMs: number;
  /** One sentence with the figures. */
  detail?: string;
}

/** How an update ended. */
export type UpdateOutcome =
  /** Everything was done. */
  | "done"
  /** Nothing changed for clients: the old colour serves as before. */
  | "abandoned"
  /** Past the point of no return, not at the end: the next update finishes it. */
  | "unfinished";

/** How a new live colour was watched. */
export interface ReportedBake {
  /** `breached`: a limit was passed, and the update goes back; `inconclusive`: too little was seen. */
  verdict: "passed" | "breached" | "inconclusive";
  looks: number;
  failed: number;
  /**
   * Each figure over all looks, beside its limit, and `before`: the median of the colour that was live before, watched for
   * up to ten seconds before its cutover. Infinite ones are null in the file.
   */
  figures: {
    name: string;
    before?: number;
    median: number;
    worst: number;
    limit: string;
    allowed: number;
  }[];
}

/**
 * What an update did, as it is written to a file. Holds no secret: whoever fills it passes only messages that are
 * fit for a log. Times in milliseconds, offsets in bytes of the replication stream.
 */
export interface UpdateReport {
  /** Grows when a field changes its meaning. */
  schemaVersion: 1;
  /** The deployment's name. */
  name: string;
  kind: "cutover" | "rollback" | "rehearsal" | "retire" | "bake";
  /** The colour that served before; at a retirement, the one that is removed. */
  from: ReportedColour;
  /** The colour that serves afterwards. */
  to: ReportedColour;
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  outcome: UpdateOutcome;
  /** In the order in which they ran; the last one is the one that failed, where one did. */
  phases: ReportedPhase[];
  /** From the pause on the old colour to the first moment the new one accepts a write. */
  writePauseMs?: number;
  /** Where the old colour's history ended, and up to where the new one held it when it was promoted. */
  offset?: number;
  keysCompared?: number;
  keysDifferent?: number;
  /** What a rollback is after this update, and why. */
  verdict?: { kind: string; reason: string; warnings?: string[] };
  /** Client sessions that were shut so that they reconnect to the new colour. */
  connectionsMoved?: number;
  /** The RDB file that was taken. */
  backup?: string;
  /** Of a bake: from `from`, which served before, to `to`, which was watched. */
  bake?: ReportedBake;
  /** Why it did not get to its end, and what to do. */
  error?: string;
}
