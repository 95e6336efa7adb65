import type { ServerVersion } from "../../components/engine/serverVersion.ts";
import type { AuditCounts } from "../../test/support/workload/audit.ts";

/** One cutover or rollback, as the clients and the engine saw it. Times in milliseconds. */
export interface Movement extends Omit<AuditCounts, "refusals"> {
  /** From the pause on the old colour to the first moment the new one accepts a write. */
  writePauseMs: number;
}

/** One run: there and back again, audited. */
export interface Run {
  cutover: Movement;
  rollback: Movement;
  /** Keys compared, blue against green, with their types, values and expiry. */
  keysCompared: number;
  keysDifferent: number;
}

/** The demo's last line; over several runs the counts are sums and the times are medians. */
export interface Summary extends Run {
  blue: string;
  green: string;
  /** Only where there were several. */
  runs?: number;
}

/** Adds runs up. */
export function summarize(
  versions: { blue: ServerVersion; green: ServerVersion },
  runs: readonly Run[],
): Summary {
  return {
    blue: nameOf(versions.blue),
    green: nameOf(versions.green),
    cutover: summarizeMovements(runs.map((run) => run.cutover)),
    rollback: summarizeMovements(runs.map((run) => run.rollback)),
    keysCompared: sum(runs.map((run) => run.keysCompared)),
    keysDifferent: sum(runs.map((run) => run.keysDifferent)),
    ...(runs.length > 1 ? { runs: runs.length } : {}),
  };
}

/** Whether nothing was lost, repeated, refused or different. */
export function isClean(run: Run): boolean {
  const faults = [run.cutover, run.rollback].map((m) => m.lostWrites + m.repeatedWrites + m.clientErrors);
  return sum(faults) + run.keysDifferent === 0;
}

/** The middle value, or the mean of the two middle ones; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.length === 0 ? 0 : sum(middle) / middle.length;
}

function summarizeMovements(movements: readonly Movement[]): Movement {
  const of = (field: keyof Movement): number[] => movements.map((movement) => movement[field]);
  return {
    writePauseMs: oneDecimal(median(of("writePauseMs"))),
    clientGapMs: oneDecimal(median(of("clientGapMs"))),
    acknowledgedWrites: sum(of("acknowledgedWrites")),
    lostWrites: sum(of("lostWrites")),
    repeatedWrites: sum(of("repeatedWrites")),
    clientErrors: sum(of("clientErrors")),
  };
}

function nameOf(version: ServerVersion): string {
  return version.product === "redis" ? version.version : `valkey:${version.version}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Milliseconds as they are shown. */
export function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}
