/** What a bridge counts since its process began. */
export class Figures {
  /** Commands of the source's that were sent to the target, as they came or translated. */
  applied = 0;
  translated = 0;
  dropped = 0;
  /** Keys that were copied, by a full copy or because a command couldn't be said to the target. */
  recopied = 0;
  batches = 0;
  reconnects = 0;
  fullCopies = 0;
  /** Commands that failed on the target. */
  failures = 0;
}
