import type { PhaseName } from "../../engine/cutover/phases.ts";
import { say } from "./say.ts";

/** Names the phase before which this process is to stand still; set by fault tests only. */
const VARIABLE = "REDIS_BLUEGREEN_FREEZE_BEFORE";
/** A frozen process that nobody kills goes on after this long. Milliseconds. */
const LONGEST_MS = 60_000;

/**
 * Stands still before a phase where a fault test asked for it, as a process does that gets no CPU; the test kills it
 * there, or lets it wake up after its deadlines have passed.
 */
export function faultPoint(phase: PhaseName): void {
  if (process.env[VARIABLE] !== phase) return;
  say(`fault test: frozen before phase ${phase} at ${Date.now()}`);
  Atomics.wait(
    new Int32Array(new SharedArrayBuffer(4)),
    0,
    0,
    Number(process.env[`${VARIABLE}_MS`] ?? LONGEST_MS),
  );
}
