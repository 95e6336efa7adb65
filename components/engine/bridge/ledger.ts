import type { ApplierParts } from "./applierParts.ts";
import type { Batch } from "./batch.ts";
import { BATCHES_KEY, formatPosition, POSITION_KEY, type Position, type StreamPlace } from "./position.ts";

/** Counts the transactions that are sent, and has each of them note where the target stands once it took effect. */
export class Ledger {
  position: Position;
  /** Stale keys are noted. While everything is copied, nothing is known of any key after a crash, until the copy ends. */
  noting = true;
  readonly #parts: ApplierParts;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
    this.position = parts.position;
  }

  /**
   * Ends a batch of the stream with what is to be noted, and sends it.
   * @param end where the stream stands after it
   * @param confirmed up to where the answers were looked at
   */
  send(batch: Batch, end: StreamPlace, confirmed: StreamPlace): void {
    const { stale, unrepresentable, databases, position } = this.#parts;
    batch.add(["SELECT", databases - 1]);
    const notes = stale.takeNotes();
    if (this.noting) for (const note of notes) batch.add(note);
    for (const note of unrepresentable.takeNotes()) batch.add(note);
    // What an earlier bridge sent is on the target already.
    const applied = end.offset < position.applied.offset ? position.applied : end;
    this.position = { ...this.position, applied, confirmed };
    batch.end = end;
    this.#count(batch);
  }

  /** Sends a batch that is no part of the stream. Everything that the stream gave before must be on its way. */
  sendBeside(batch: Batch): void {
    batch.add(["SELECT", this.#parts.databases - 1]);
    this.#count(batch);
  }

  /** Where the target refuses a batch and takes one behind it, the position of that one tells of more than took effect. */
  #count(batch: Batch): void {
    this.position = { ...this.position, batches: this.position.batches + 1 };
    batch.add(["INCR", BATCHES_KEY]);
    batch.add(["SET", POSITION_KEY, formatPosition(this.position)]);
    this.#parts.sink.send(batch);
  }
}
