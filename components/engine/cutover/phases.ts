import { messageOf } from "../messageOf.ts";
import type { Progress } from "../progress.ts";

/** The phases of a cutover, in the order in which they run; the words that plan, progress lines and report use. */
export const PHASES = [
  "preflight",
  "link",
  "backup",
  "arm",
  "hold",
  "catch up",
  "fence",
  "promote",
  "switch",
  "release",
  "verify",
  "rollback link",
] as const;

/** One phase's name. */
export type PhaseName = (typeof PHASES)[number];

/**
 * What each phase does. Two implementations: `RealCutover` acts and answers with what it found, `DryRunCutover`
 * answers with what it would do; so the plan that preview shows can't drift from the code that runs.
 */
export type CutoverSteps = Record<PhaseName, () => Promise<string>>;

/** How long a phase took and what it found. */
export interface PhaseRecord {
  name: PhaseName;
  durationMs: number;
  detail: string;
}

/** Phases while clients wait. Their lines are printed after the last of them: printing takes time as well. */
const WHILE_CLIENTS_WAIT: readonly PhaseName[] = ["hold", "catch up", "fence", "promote"];

/**
 * Runs the phases in order.
 * @param onPhase called before each phase; fault tests stop the process here
 * @throws whatever a phase throws; the records until then, the failed phase's included, stay in `records`
 */
export async function runPhases(
  steps: CutoverSteps,
  records: PhaseRecord[],
  progress: Progress,
  onPhase: (name: PhaseName) => void = () => undefined,
): Promise<void> {
  const start = performance.now();
  const lines: string[] = [];
  const print = (): void => {
    for (const line of lines.splice(0)) progress(line);
  };
  for (const name of PHASES) {
    onPhase(name);
    const begin = performance.now();
    const finish = (detail: string): number => {
      const end = performance.now();
      records.push({ name, durationMs: end - begin, detail });
      return end;
    };
    const detail = await steps[name]().catch((error: unknown) => {
      finish(messageOf(error));
      print();
      throw error;
    });
    const end = finish(detail);
    lines.push(`${((end - start) / 1000).toFixed(3).padStart(8)} s  ${name.padEnd(13)}  ${detail}`);
    if (!WHILE_CLIENTS_WAIT.includes(name)) print();
  }
}
