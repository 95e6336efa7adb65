/** A reply as bytes: bulk strings are Buffers, status replies strings, errors `ReplyError`s in their place. */
export type Reply = Buffer | string | number | null | ReplyError | Reply[];

/** An error that the server answered to one command, e.g. `WRONGTYPE …`. */
export class ReplyError extends Error {
  override name = "ReplyError";
}

const LINE_FEED = 10;
const INCOMPLETE = Symbol("incomplete");
const OPENED = Symbol("opened");

/** An array of which not every element came. */
interface OpenArray {
  items: Reply[];
  /** Elements that are still to come. */
  left: number;
}

/**
 * Takes an element of a list in a list, or leaves it to be kept there.
 * @param before what is complete of the outer list
 * @returns whether it was taken
 */
export type TakeElement = (before: readonly Reply[], element: Reply) => boolean;

/**
 * Reads RESP2 replies out of a byte stream. Made for hundreds of thousands of small replies: a client library spends
 * ten times as long on each, which is the difference between seconds and minutes for a whole dataset. Of one that is
 * not complete, what was read is kept, so that the work for a large array grows with its size and no faster, wherever
 * it is cut.
 */
export class ReplyParser {
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Nothing can be read before so many bytes are there; keeps long values from being joined at every chunk. */
  #needed = 0;
  #data: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Arrays that are not complete, each an element of the one before it. */
  readonly #open: OpenArray[] = [];
  /** For lists that are too large to be kept. */
  takeElement: TakeElement | undefined;

  /** Takes bytes and returns the replies that are complete with them. */
  push(chunk: Buffer): Reply[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#needed) return [];
    this.#data = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#at = 0;
    this.#needed = 0;
    const replies: Reply[] = [];
    for (;;) {
      const start = this.#at;
      const item = this.#item();
      if (item === INCOMPLETE) {
        this.#keep(start);
        return replies;
      }
      if (item !== OPENED) this.#put(item, replies);
    }
  }

  #keep(start: number): void {
    const rest = this.#data.subarray(start);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#buffered = rest.length;
    this.#needed = Math.max(0, this.#needed - start);
  }

  /** Puts what is complete where it belongs, and with it each array that it completes. */
  #put(item: Reply, replies: Reply[]): void {
    let complete = item;
    for (;;) {
      const around = this.#open.at(-1);
      if (around === undefined) {
        replies.push(complete);
        return;
      }
      around.left--;
      if (!this.#isTaken(complete)) around.items.push(complete);
      if (around.left > 0) return;
      this.#open.pop();
      complete = around.items;
    }
  }

  #isTaken(element: Reply): boolean {
    const [outer] = this.#open;
    return (
      this.#open.length === 2 && outer !== undefined && this.takeElement?.(outer.items, element) === true
    );
  }

  /** A value without elements, or the head of an array. */
  #item(): Reply | typeof INCOMPLETE | typeof OPENED {
    const end = this.#data.indexOf(LINE_FEED, this.#at);
    if (end < 0) return INCOMPLETE;
    const kind = this.#data[this.#at];
    const from = this.#at + 1;
    this.#at = end + 1;
    switch (kind) {
      case 0x24: // $
        return this.#bulk(this.#integer(from, end - 1));
      case 0x3a: // :
        return this.#integer(from, end - 1);
      case 0x2b: // +
        return this.#data.toString("latin1", from, end - 1);
      case 0x2a: // *
        return this.#array(this.#integer(from, end - 1));
      case 0x2d: // -
        return new ReplyError(this.#data.toString("latin1", from, end - 1));
      default:
        throw new Error("what the server sent is not RESP2");
    }
  }

  #bulk(length: number): Buffer | null | typeof INCOMPLETE {
    if (length < 0) return null;
    const end = this.#at + length;
    if (end + 2 > this.#data.length) {
      this.#needed = end + 2;
      return INCOMPLETE;
    }
    const bytes = this.#data.subarray(this.#at, end);
    this.#at = end + 2;
    return bytes;
  }

  #array(length: number): Reply[] | null | typeof OPENED {
    if (length < 0) return null;
    if (length === 0) return [];
    this.#open.push({ items: [], left: length });
    return OPENED;
  }

  #integer(from: number, to: number): number {
    let value = 0;
    const negative = this.#data[from] === 0x2d;
    for (let i = negative ? from + 1 : from; i < to; i++)
      value = value * 10 + ((this.#data[i] ?? 0x30) - 0x30);
    return negative ? -value : value;
  }
}
