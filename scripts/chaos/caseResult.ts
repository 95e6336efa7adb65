import type { Case } from "./cases.ts";
import type { Versions } from "./grounds.ts";

/**
 * How an update that met a fault ended: `finished`: the new colour serves; `finished by up`: nobody served until `pulumi
 * up` ran again and went forward; `rolled back`: the old colour serves as before; `needs operator`: a rerun asks for a
 * decision, with the sentence shown; `not run`: the case itself could not be carried out.
 */
export type Outcome = "finished" | "finished by up" | "rolled back" | "needs operator" | "not run";

/** What became of one case. */
export interface CaseResult {
  case: Case;
  /** Of the stack's colours; absent in results from before they were noted: the usual ones. */
  versions?: Versions;
  /** Of the clients: with it they ask for the same again. Absent in results from before it was noted. */
  seed?: number;
  outcome: Outcome;
  /** What the failed update, or the case's own failure, said. */
  sentence?: string;
  /** Times that `pulumi up` had to run afterwards. */
  ups: number;
  /** The longest time in which no client's write was answered, in milliseconds. */
  unavailableMs: number;
  /** Acknowledged writes. */
  writes: number;
  /** Calls that clients got an error for, or no answer. */
  failedCalls: number;
  lost: number;
  repeated: number;
  /** The most colours that took writes at one sampled instant. */
  writers: number;
  /** Complete looks at both colours. */
  looks: number;
  /** The longest time without one, in milliseconds. Absent in results from before it was noted. */
  unwatchedMs?: number;
  /** What a rollback is in the end, as the stack's output says it. Absent in results from before it was noted. */
  wayBack?: string;
  /** A client, or a new one, was not served in the end, waits for an answer still, or could not read what is there. */
  stuck: boolean;
  converged: boolean;
  /** Violations, differences and client errors, for people. */
  findings: string[];
}

/** The last line. */
export interface ChaosSummary {
  cases: number;
  lost: number;
  repeated: number;
  /** Cases in which two colours took writes at one instant. */
  twoWriters: number;
  /** Cases after which not every client was served. */
  stuck: number;
  /**
   * Cases that three runs of `pulumi up` did not bring to an end, or to one that no fault excuses, or that were not run or
   * watched well enough to tell.
   */
  notConverged: number;
}

/** A case without as many looks at both colours tells nothing about two writers: the fewest of 816 were 3,389. */
const FEWEST_LOOKS = 500;

/** Whether both colours were looked at often enough. */
export function isWatched({ looks }: CaseResult): boolean {
  return looks >= FEWEST_LOOKS;
}

/** Adds the cases up. */
export function summarize(results: readonly CaseResult[]): ChaosSummary {
  const count = (is: (result: CaseResult) => boolean): number => results.filter(is).length;
  return {
    cases: results.length,
    lost: results.reduce((sum, { lost }) => sum + lost, 0),
    repeated: results.reduce((sum, { repeated }) => sum + repeated, 0),
    twoWriters: count(({ writers }) => writers > 1),
    stuck: count(({ stuck }) => stuck),
    notConverged: count((result) => !result.converged || !isWatched(result)),
  };
}

/** Whether a case shows nothing that must not be. */
export function isClean(result: CaseResult): boolean {
  return !isHarmful(result) && !result.stuck && result.converged && isWatched(result);
}

/** Whether data came to harm, or nearly so: nothing that was interrupted excuses that. */
export function isHarmful({ lost, repeated, writers }: CaseResult): boolean {
  return lost + repeated > 0 || writers > 1;
}

/** Of a case that could not be carried out, and why. */
export function notRun(one: Case, sentence: string, more: Pick<CaseResult, "versions" | "seed">): CaseResult {
  const nothing = {
    ups: 0,
    unavailableMs: 0,
    writes: 0,
    failedCalls: 0,
    lost: 0,
    repeated: 0,
    writers: 0,
    looks: 0,
  };
  return {
    case: one,
    ...more,
    outcome: "not run",
    sentence,
    ...nothing,
    stuck: false,
    converged: false,
    findings: [],
  };
}
