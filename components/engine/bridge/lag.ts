/** Works out how long ago the source was where the target is now. */
export class Lag {
  /** When the source was seen at which offset, oldest first. */
  readonly #seen: { at: number; offset: number }[] = [];
  #confirmed = 0;

  /** Where the source was seen last. */
  get sourceOffset(): number | undefined {
    return this.#seen.at(-1)?.offset;
  }

  /** The source is at `offset`; `at` in milliseconds of any clock that doesn't jump. */
  seen(offset: number, at: number): void {
    if (this.sourceOffset === offset && this.#seen.length > 1) this.#seen.pop();
    this.#seen.push({ at, offset });
    if (this.#seen.length > 10_000) this.#seen.splice(1, this.#seen.length / 2);
  }

  /** Everything up to `offset` is on the target. */
  confirmed(offset: number): void {
    this.#confirmed = offset;
    while (this.#seen.length > 1 && (this.#seen[1]?.offset ?? 0) <= offset) this.#seen.shift();
  }

  /** Bytes that the target lacks. */
  get bytes(): number {
    return Math.max(0, (this.sourceOffset ?? 0) - this.#confirmed);
  }

  /** For how long nobody has seen where the source is. */
  unseenSeconds(now: number): number {
    return (now - (this.#seen.at(-1)?.at ?? -Infinity)) / 1_000;
  }

  /** For how long the target has lacked something. */
  seconds(now: number): number {
    return this.bytes === 0 ? 0 : Math.max(0, now - (this.#seen[0]?.at ?? now)) / 1_000;
  }
}
