import { PHASES, type PhaseName } from "../../engine/cutover/phases.ts";
import { RefusedError } from "../../engine/progress.ts";

/** The process that started this provider. */
const ENGINE = process.ppid;

/** Milliseconds between two looks. */
const INTERVAL_MS = 500;

let sessions = 0;
let watching = false;

/**
 * Keeps a provider whose engine was killed from going on for ever: what it prints goes nowhere then, and it ends once it
 * has nothing under way. Pulumi's own provider process would go on, and print that it can't print, again and again.
 */
function watchEngine(): void {
  if (watching) return;
  watching = true;
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const look = (): void => {
    if (isEngineGone() && sessions === 0) process.exit(1);
  };
  setInterval(look, INTERVAL_MS).unref();
}

/** Notes that something is under way. @returns to be called when it no longer is; once counts */
export function beginSession(): () => void {
  watchEngine();
  sessions++;
  let open = true;
  return () => {
    if (open) sessions--;
    open = false;
  };
}

/**
 * Keeps a cutover that nobody waits for any more from beginning; one that holds writes already goes on to its end.
 * @throws RefusedError before `hold` and what comes earlier, where the engine was killed
 */
export function refuseWithoutEngine(phase: PhaseName): void {
  if (!isEngineGone() || PHASES.indexOf(phase) > PHASES.indexOf("hold")) return;
  throw new RefusedError("the command line was killed, and nothing had been moved yet");
}

/** A process whose parent ends gets another one. */
function isEngineGone(): boolean {
  return process.ppid !== ENGINE;
}
