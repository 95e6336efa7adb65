import { areNeighbours, joined } from "./slabSocket.ts";

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;

/** What came is not the replication stream's protocol; nothing after it can be trusted. */
export class StreamError extends Error {
  override name = "StreamError";
}

/**
 * Cuts a replication stream into its commands without copying an argument. `push` takes what the socket gave, `next`
 * steps to the next complete command, whose place in `data` then stands in the fields. They are good until the next call.
 */
export class StreamParser {
  /** The bytes that the places below refer to. */
  data: Buffer = Buffer.alloc(0);
  /** Where the current command begins and ends. */
  start = 0;
  end = 0;
  /** How many words the current command has, its name included. */
  count = 0;
  /** Where each word begins and ends: word `i` at `2 * i` and `2 * i + 1`. */
  words = new Int32Array(64);
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Nothing can be read before so many bytes are there: long values are joined once, not at every chunk. */
  #needed = 0;

  /** Takes bytes; what was not read of earlier ones stays in front of them. */
  push(chunk: Buffer): void {
    const rest = this.data.subarray(this.end);
    if (rest.length > 0 && this.#chunks.length === 0) this.#add(rest);
    this.#add(chunk);
    this.start = this.end = 0;
    if (this.#buffered < this.#needed) {
      this.data = EMPTY;
      return;
    }
    this.data = this.#chunks.length === 1 ? (this.#chunks[0] ?? EMPTY) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#buffered = 0;
    this.#needed = 0;
  }

  #add(chunk: Buffer): void {
    this.#buffered += chunk.length;
    const last = this.#chunks.at(-1);
    if (last !== undefined && areNeighbours(last, chunk)) {
      this.#chunks[this.#chunks.length - 1] = joined(last, chunk);
    } else this.#chunks.push(chunk);
  }

  /** Steps to the next command; false where it is not complete yet. */
  next(): boolean {
    const { data } = this;
    let at = this.end;
    // A master sends bare newlines as a sign of life; they are part of no command, but of the offset.
    while (data[at] === LINE_FEED) at++;
    const count = this.#number(at, ASTERISK);
    if (count < 0) return false;
    at = this.#after;
    if (2 * count > this.words.length) this.words = new Int32Array(4 * count);
    const { words } = this;
    for (let i = 0; i < count; i++) {
      const length = this.#number(at, DOLLAR);
      if (length < 0) return false;
      const from = this.#after;
      at = from + length + 2;
      if (at > data.length) {
        this.#needed = at - this.end;
        return false;
      }
      words[2 * i] = from;
      words[2 * i + 1] = at - 2;
    }
    this.start = this.end;
    this.end = at;
    this.count = count;
    return true;
  }

  /** Word `i` of the current command, as a view. */
  word(i: number): Buffer {
    return this.data.subarray(this.words[2 * i], this.words[2 * i + 1]);
  }

  /** The current command's words, as views. */
  all(): Buffer[] {
    return Array.from({ length: this.count }, (_, i) => this.word(i));
  }

  /** Where the line that `#number` read ends. */
  #after = 0;

  /** The number behind `mark` in the line at `at`; -1 where the line is not complete. */
  #number(at: number, mark: number): number {
    const { data } = this;
    const { length } = data;
    if (at >= length) return -1;
    if (data[at] !== mark) {
      throw new StreamError(`expected ${String.fromCharCode(mark)} in the replication stream`);
    }
    let value = 0;
    for (let i = at + 1; i < length; i++) {
      const byte = data[i] ?? 0;
      if (byte === CARRIAGE_RETURN) {
        this.#after = i + 2;
        return i + 1 < length ? value : -1;
      }
      const digit = byte - ZERO;
      if (digit < 0 || digit > 9) throw new StreamError("expected a length in the replication stream");
      value = value * 10 + digit;
    }
    return -1;
  }
}

const EMPTY = Buffer.alloc(0);
