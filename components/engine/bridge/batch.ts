import { encodeCommand, type Word } from "./encode.ts";
import type { StreamPlace } from "./position.ts";
import type { TransactionListener } from "./replyReader.ts";

/** What a command must answer; where it answers less, the target doesn't hold what the source does. */
export interface Check {
  /** An integer, or the length of a list; no value counts 0. */
  atLeast: number;
  /** Of a list: every integer in it. */
  eachAtLeast?: number;
  database: number;
  /** Copied again when the answer is less. */
  keys: readonly Buffer[];
}

/** A command of a batch that failed when it ran. */
export interface Failure {
  index: number;
  message: string;
}

/** How a batch ended. */
export interface BatchOutcome {
  /** The transaction as a whole was refused, with what the server said of it. */
  refused?: string;
  failures: readonly Failure[];
  /** Checks that failed. */
  unmet: readonly Check[];
}

/** What a check takes, and what is kept of where its command took data: measured with Node.js 24, some 300 to 600. */
const CHECK_BYTES = 500;
/** Of transactions that have not been answered: more of them are not begun, and a larger one is not finished. */
export const MOST_CHECK_BYTES = 24 * 1024 * 1024;

const MULTI = encodeCommand(["MULTI"]);
const EXEC = encodeCommand(["EXEC"]);

/** Commands that go to the target in one transaction. */
export class Batch implements TransactionListener {
  /** What is between MULTI and EXEC, as bytes; without what was sent in advance. */
  readonly pieces: Buffer[] = [];
  /** A part was sent in advance and is not kept: what a command of it was, nobody knows any more. */
  begun = false;
  commands = 0;
  bytes = 0;
  /** Commands of the source's among them, for the figures. */
  applied = 0;
  /** Where the stream stands after it; absent for what is not part of the stream. */
  end: StreamPlace | undefined;
  /** Bytes that its checks take until the answers are there, about. */
  checkBytes = 0;
  readonly #checks = new Map<number, readonly Check[]>();
  readonly #failures: Failure[] = [];
  readonly #unmet = new Set<Check>();
  #refusal: string | undefined;
  #settle: ((outcome: BatchOutcome) => void) | undefined;

  /** Adds commands that are encoded already. */
  raw(bytes: Buffer, commands: number): void {
    this.pieces.push(bytes);
    this.bytes += bytes.length;
    this.commands += commands;
  }

  /** Adds one command; each check is of its answer. */
  add(words: readonly Word[], ...checks: Check[]): void {
    if (checks.length > 0) this.#checks.set(this.commands, checks);
    for (const { keys } of checks) for (const key of keys) this.checkBytes += CHECK_BYTES + key.length;
    this.raw(encodeCommand(words), 1);
  }

  /** What was not sent yet, with the end of the transaction, for the socket. */
  *encoded(): Generator<Buffer> {
    if (!this.begun) yield MULTI;
    yield* this.pieces;
    yield EXEC;
  }

  /** What is there of a transaction that goes on, for the socket; it is forgotten here. */
  beginning(): Buffer[] {
    const pieces = this.pieces.splice(0);
    if (!this.begun) pieces.unshift(MULTI);
    this.begun = true;
    return pieces;
  }

  /** Called once, when the last reply came. */
  onEnd(settle: (outcome: BatchOutcome) => void): void {
    this.#settle = settle;
  }

  refused(index: number, message: string): void {
    this.#refusal ??= `${this.#describe(index)}${message}`;
  }

  failed(index: number, message: string): void {
    // Of a large one, there may be a million, and one is enough to have everything copied.
    if (!this.begun || this.#failures.length === 0) this.#failures.push({ index, message });
    // A check knows its keys' databases, of which MOVE and COPY have two.
    for (const check of this.#checks.get(index) ?? []) this.#unmet.add(check);
  }

  answered(index: number, value: number): void {
    if (this.#checks.size === 0) return;
    for (const check of this.#checks.get(index) ?? []) if (value < check.atLeast) this.#unmet.add(check);
  }

  listed(index: number, value: number): void {
    for (const check of this.#checks.get(index) ?? []) {
      if (check.eachAtLeast !== undefined && value < check.eachAtLeast) this.#unmet.add(check);
    }
  }

  ended(error?: string): void {
    const refused = error === undefined ? undefined : (this.#refusal ?? error);
    this.#settle?.({
      failures: this.#failures,
      unmet: [...this.#unmet],
      ...(refused === undefined ? {} : { refused }),
    });
  }

  /** The name of a command, never its arguments, which are the users' data. */
  #describe(index: number): string {
    if (this.begun) return "";
    const name = index < 0 ? "MULTI" : nameOf(this.pieces, index);
    return name === "" ? "" : `${name}: `;
  }
}

/** Where batches go: the target's connection. */
export interface BatchSink {
  send(batch: Batch): void;
  /** Sends what there is of a batch that is too large to be kept; `send` ends it. */
  begin(batch: Batch): void;
  /** No more may be sent for now; `onRoom` is called when that ends. */
  readonly full: boolean;
  /** Batches whose replies have not come. */
  readonly inFlight: number;
}

function nameOf(pieces: readonly Buffer[], index: number): string {
  const command = commandAt(pieces, index);
  return command?.words[0]?.toString("latin1").toUpperCase() ?? "";
}

/** Command `index` of a batch, and the database that it ran in. Slow: for what failed only. */
export function commandAt(
  pieces: readonly Buffer[],
  index: number,
): { words: Buffer[]; database: number } | undefined {
  const data = Buffer.concat(pieces);
  let database = 0;
  for (let at = 0, i = 0; at < data.length; i++) {
    const { words, end } = readCommand(data, at);
    if (i === index) return { words, database };
    if (words[0]?.toString().toUpperCase() === "SELECT") database = Number(words[1]);
    at = end;
  }
  return undefined;
}

function readCommand(data: Buffer, at: number): { words: Buffer[]; end: number } {
  let end = data.indexOf("\r\n", at);
  const count = Number(data.toString("latin1", at + 1, end));
  const words: Buffer[] = [];
  let from = end + 2;
  for (let i = 0; i < count; i++) {
    end = data.indexOf("\r\n", from);
    const length = Number(data.toString("latin1", from + 1, end));
    words.push(data.subarray(end + 2, end + 2 + length));
    from = end + 2 + length + 2;
  }
  return { words, end: from };
}
