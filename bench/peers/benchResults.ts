import { CONTESTANTS, type ContestantName } from "./contestants/contestant.ts";
import type { Machine } from "./machine.ts";
import type { NoOpTimes } from "./noOp.ts";
import type { Case, Round } from "./round.ts";
import { spreadOf, type Spread } from "./statistics.ts";

/** One start of the bench. */
export interface BenchStart {
  /** When, in ISO 8601. */
  date: string;
  /** Options as they were given. */
  options: string;
  /** The machine's load average of the minute before: how busy it was with other things. */
  loadAverage: number;
  /** What it set out to measure. */
  parts: string[];
}

/** Everything that was measured; what is null was not. */
export interface BenchResults {
  /** More than one where results were added to earlier ones. */
  runs: BenchStart[];
  quick: boolean;
  machine: Machine;
  rounds: Round[];
  noOp: NoOpTimes | null;
  /** Commands a second of the bridge, divided by those of the older server's own replication. */
  bridge: Spread | null;
  /** What was left out or failed, with the reason. */
  notes: Note[];
}

/** Something that is not in the figures. */
export interface Note {
  part: string;
  text: string;
  /** Whose round it was that ended without an audit. */
  unaudited?: ContestantName;
}

/** Whether a round of ours ended without an audit: then nobody knows what it lost. */
export function hasUnaudited({ notes }: BenchResults): boolean {
  return notes.some(({ unaudited }) => unaudited === "cutover");
}

/** The part that a note is about where a run was ended from outside; the next run that is added makes it void. */
export const INTERRUPTED = "everything after this";

/** The figures of one contestant in one case, over its rounds. Times in milliseconds. */
export interface CaseSummary extends Case {
  contestant: ContestantName;
  rounds: number;
  pause: Spread | null;
  silence: Spread | null;
  ownPause: Spread | null;
  longestWait: Spread | null;
  errors: Spread | null;
  lost: Spread | null;
  /** Of all rounds together. */
  total: Record<"lost" | "repeated" | "acknowledged", number>;
}

/** One line for each contestant in each case, small cases first. */
export function summarizeCases(rounds: readonly Round[]): CaseSummary[] {
  const byCase = Map.groupBy(rounds.toSorted(bySizeOfCase), caseKey);
  return [...byCase.values()].flatMap((ofCase) =>
    CONTESTANTS.flatMap((contestant) => {
      const own = ofCase.filter((round) => round.contestant === contestant);
      return own[0] === undefined ? [] : [summarize(own[0], own)];
    }),
  );
}

function bySizeOfCase(a: Case, b: Case): number {
  return a.gigabytes - b.gigabytes || a.connections - b.connections || a.load.localeCompare(b.load);
}

/** Tells cases apart. */
export function caseKey({ gigabytes, connections, load }: Case): string {
  return `${gigabytes} ${connections} ${load}`;
}

function summarize({ gigabytes, connections, load, contestant }: Round, rounds: Round[]): CaseSummary {
  const sum = (field: keyof CaseSummary["total"]): number =>
    rounds.reduce((total, round) => total + round[field], 0);
  return {
    gigabytes,
    connections,
    load,
    contestant,
    rounds: rounds.length,
    pause: spreadOf(rounds.map(({ pauseMs }) => pauseMs)),
    silence: spreadOf(rounds.map(({ silenceMs }) => silenceMs)),
    ownPause: spreadOf(rounds.map(({ ownPauseMs }) => ownPauseMs)),
    longestWait: spreadOf(rounds.map(({ longestWaitMs }) => longestWaitMs)),
    errors: spreadOf(rounds.map(({ errors }) => errors)),
    lost: spreadOf(rounds.map(({ lost }) => lost)),
    total: { lost: sum("lost"), repeated: sum("repeated"), acknowledged: sum("acknowledged") },
  };
}
