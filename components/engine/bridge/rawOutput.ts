const SIZE = 256 * 1024;
/** Up to so many bytes a loop is faster than a call into the runtime. */
const SHORT = 32;

/** Collects rewritten commands as bytes, many in one buffer, which is cheaper than a buffer for each word. */
export class RawOutput {
  #buffer = Buffer.allocUnsafe(SIZE);
  #from = 0;
  #at = 0;
  /** Commands since the last `take`. */
  commands = 0;

  /** Makes room for a command of at most so many bytes; false: take what is there first, then ask again. */
  room(bytes: number): boolean {
    if (this.#at + bytes <= this.#buffer.length) return true;
    if (this.#at > this.#from) return false;
    this.#buffer = Buffer.allocUnsafe(Math.max(SIZE, bytes));
    this.#from = this.#at = 0;
    return true;
  }

  /** Adds the bytes of `data` from `from` to `to`. */
  add(data: Buffer, from: number, to: number): void {
    if (to - from > SHORT) {
      data.copy(this.#buffer, this.#at, from, to);
      this.#at += to - from;
      return;
    }
    const buffer = this.#buffer;
    let at = this.#at;
    for (let i = from; i < to; i++) buffer[at++] = data[i] ?? 0;
    this.#at = at;
  }

  /** Bytes since the last `take`. */
  get length(): number {
    return this.#at - this.#from;
  }

  /** What was collected. */
  take(): Buffer {
    const taken = this.#buffer.subarray(this.#from, this.#at);
    this.#from = this.#at;
    this.commands = 0;
    return taken;
  }
}
