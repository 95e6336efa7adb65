import { noteAgain } from "./ownNotes.ts";
import { BATCHES_KEY, POSITION_KEY, STALE_KEY, UNREPRESENTABLE_KEY } from "./position.ts";
import type { StreamApplier } from "./streamApplier.ts";

/** Whether a command concerns all keys of a database, so that it meets the bridge's own keys as well. */
export function isWholeDatabases(name: string): boolean {
  return name === "flushall" || name === "flushdb" || name === "swapdb";
}

/**
 * FLUSHALL, FLUSHDB and SWAPDB.
 * @param translate puts what becomes of the command into the batch
 */
export function applyToDatabases(
  applier: StreamApplier,
  name: string,
  words: Buffer[],
  translate: () => void,
): void {
  const { stale, unrepresentable, databases, onRestart } = applier.parts;
  const { database, offset } = applier.place;
  if (offset <= applier.doubtfulTo) {
    // What a command before it damaged, it has taken elsewhere.
    if (name === "swapdb") onRestart("no answer to SWAPDB was seen");
    return;
  }
  if (name === "swapdb") {
    swap(applier, Number(words[1]), Number(words[2]), words);
    return;
  }
  if (name === "flushdb" && database >= databases) return;
  translate();
  unrepresentable.flush(name === "flushall" ? undefined : database);
  stale.disturb(offset, name === "flushall" ? undefined : [database]);
  if (name === "flushall" || database === databases - 1) noteAgain(applier);
}

function swap(applier: StreamApplier, a: number, b: number, words: Buffer[]): void {
  const { stale, unrepresentable, databases, onRestart } = applier.parts;
  if (a >= databases || b >= databases || applier.position.copying) {
    onRestart(`SWAPDB ${a} ${b}`);
    return;
  }
  const last = databases - 1;
  const batch = applier.open();
  if (a === last || b === last) {
    batch.add(["SELECT", last]);
    batch.add(["DEL", POSITION_KEY, BATCHES_KEY, STALE_KEY, UNREPRESENTABLE_KEY]);
    applier.selectIn(batch);
  }
  batch.add(words);
  batch.applied++;
  unrepresentable.swap(a, b);
  applier.flows.swap(applier.place.offset, a, b, applier.confirmed.offset);
  stale.disturb(applier.place.offset, [a, b]);
  if (a === last || b === last) noteAgain(applier);
}
