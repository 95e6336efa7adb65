import { BATCHES_KEY, STALE_KEY, UNREPRESENTABLE_KEY } from "./position.ts";
import type { StreamApplier } from "./streamApplier.ts";

/** Removes what was noted at an earlier time, with the next position. */
export function removeNotes(applier: StreamApplier): void {
  setNotes(applier, ["DEL", STALE_KEY, UNREPRESENTABLE_KEY]);
}

/** The bridge's own keys are gone: what they held is noted with the next position. */
export function noteAgain(applier: StreamApplier): void {
  setNotes(applier);
  applier.parts.stale.noteAll();
  applier.parts.unrepresentable.noteAll();
}

function setNotes(applier: StreamApplier, ...before: string[][]): void {
  const batch = applier.open();
  batch.add(["SELECT", applier.parts.databases - 1]);
  for (const command of before) batch.add(command);
  batch.add(["SET", BATCHES_KEY, applier.position.batches]);
  applier.selectIn(batch);
}
