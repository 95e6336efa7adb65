const LINE_FEED = 10;
const PLUS = 0x2b;
const MINUS = 0x2d;
const COLON = 0x3a;
const DOLLAR = 0x24;
const ASTERISK = 0x2a;
const LETTER_Q = 0x51;
/** `+QUEUED\r\n` */
const QUEUED_LENGTH = 9;

/** What is told of the replies to one transaction. Indices count the commands between MULTI and EXEC from 0. */
export interface TransactionListener {
  /** How many commands were queued. */
  readonly commands: number;
  /** The server refused to queue a command (`index`), or the MULTI (-1); EXEC will then answer with an error. */
  refused(index: number, message: string): void;
  /** A command of the transaction failed when it ran; the others took effect. */
  failed(index: number, message: string): void;
  /** An integer, or the length of a list, or 0 for no value: what a command answered. Bulk strings and OK count 1. */
  answered(index: number, value: number): void;
  /** An integer in the list that a command answered, however deep. */
  listed(index: number, value: number): void;
  /** All replies are there; with a message: the transaction as a whole was refused. */
  ended(error?: string): void;
}

/**
 * Reads the replies to transactions that were sent one after the other, as bytes, without making values of them:
 * most are `+QUEUED` and `:1`.
 */
export class ReplyReader {
  readonly #current: () => TransactionListener;
  #carry: Buffer = Buffer.alloc(0);
  /** Replies of the current transaction that came before EXEC's: MULTI's and one for each command. */
  #heads = 0;
  /** Elements that EXEC's list still has to give; -1 before its head came. */
  #left = -1;
  #index = 0;
  /** Elements inside a nested list that are still to come. */
  #nested = 0;
  /** Bytes of a long value that are still to come. */
  #skip = 0;

  /** @param current gives the listener of the oldest transaction whose replies are not complete */
  constructor(current: () => TransactionListener) {
    this.#current = current;
  }

  /** Takes what the socket gave. */
  push(chunk: Buffer): void {
    const data = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    this.#carry = EMPTY;
    let at = 0;
    let listener: TransactionListener | undefined;
    while (at < data.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, data.length - at);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#element(1);
        continue;
      }
      listener = this.#current();
      if (this.#left < 0 && data[at + 1] === LETTER_Q && data[at] === PLUS && this.#heads > 0) {
        if (at + QUEUED_LENGTH > data.length) break;
        at += QUEUED_LENGTH;
        this.#heads++;
        continue;
      }
      const end = data.indexOf(LINE_FEED, at);
      if (end < 0) break;
      if (this.#left < 0) this.#head(data, at, end, listener);
      else this.#line(data, at, end, listener);
      at = end + 1;
    }
    if (at < data.length) this.#carry = data.subarray(at);
  }

  /** A line before EXEC's list. */
  #head(data: Buffer, at: number, end: number, listener: TransactionListener): void {
    const isExec = this.#heads === listener.commands + 1;
    if (!isExec) {
      if (data[at] === MINUS) listener.refused(this.#heads - 1, lineOf(data, at, end));
      // Read as what was asked for, it would put every answer behind it in another one's place.
      else if (this.#heads > 0 || data[at] !== PLUS) throw new Error("an answer that nothing asked for");
      this.#heads++;
      return;
    }
    if (data[at] !== ASTERISK) {
      this.#reset();
      listener.ended(lineOf(data, at, end));
      return;
    }
    this.#left = numberAt(data, at + 1);
    this.#index = 0;
    if (this.#left <= 0) {
      const refused = this.#left < 0;
      this.#reset();
      listener.ended(refused ? "the transaction was discarded" : undefined);
    }
  }

  /** A line inside EXEC's list. */
  #line(data: Buffer, at: number, end: number, listener: TransactionListener): void {
    const kind = data[at];
    if (kind === MINUS) {
      if (this.#nested === 0) listener.failed(this.#index, lineOf(data, at, end));
      this.#element(1, false);
      return;
    }
    if (kind === DOLLAR) {
      const length = numberAt(data, at + 1);
      if (length < 0) this.#element(0);
      else this.#skip = length + 2;
      return;
    }
    if (kind === ASTERISK) {
      const length = numberAt(data, at + 1);
      if (this.#nested > 0) {
        this.#nested += Math.max(0, length) - 1;
        if (this.#nested === 0) this.#next();
        return;
      }
      listener.answered(this.#index, Math.max(0, length));
      this.#nested = Math.max(0, length);
      if (this.#nested === 0) this.#next();
      return;
    }
    const value = kind === COLON ? numberAt(data, at + 1) : 1;
    if (kind === COLON && this.#nested > 0) listener.listed(this.#index, value);
    this.#element(value);
  }

  #element(value: number, tell = true): void {
    if (this.#nested > 0) {
      this.#nested--;
      if (this.#nested > 0) return;
    } else if (tell) {
      this.#current().answered(this.#index, value);
    }
    this.#next();
  }

  #next(): void {
    this.#index++;
    this.#left--;
    if (this.#left > 0) return;
    const listener = this.#current();
    this.#reset();
    listener.ended();
  }

  #reset(): void {
    this.#heads = 0;
    this.#left = -1;
    this.#index = 0;
    this.#nested = 0;
  }
}

const EMPTY = Buffer.alloc(0);

function lineOf(data: Buffer, at: number, end: number): string {
  return data.toString("latin1", at + 1, end - 1);
}

function numberAt(data: Buffer, from: number): number {
  const negative = data[from] === MINUS;
  let value = 0;
  for (let i = negative ? from + 1 : from; i < data.length; i++) {
    const digit = (data[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}
