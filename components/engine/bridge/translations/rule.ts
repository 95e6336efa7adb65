import type { Word } from "../encode.ts";
import type { RawOutput } from "../rawOutput.ts";
import type { StreamParser } from "../streamParser.ts";

/**
 * Where a rule puts what becomes of a command. Keys are in the database that is selected. Words are passed as one list: a
 * command may have more of them than a call takes arguments (some 120,000 in Node.js 24).
 */
export interface Output {
  /** The command as it came. */
  pass(): void;
  /** A command in its place; several make one transaction with what is around them. */
  send(words: readonly Word[]): void;
  /** The command as it came, which the source emits only where it answers `atLeast`: less, and its keys are copied again. */
  passChecked(atLeast: number): void;
  /** A command whose answer shows whether the target holds the keys as the source does: less than `atLeast`, and it doesn't. */
  check(atLeast: number, keys: readonly Buffer[], words: readonly Word[]): void;
  /** The same of a command that answers with a list: each integer in it counts. */
  checkEach(atLeast: number, key: Buffer, words: readonly Word[]): void;
  /** Nothing of it concerns the target's data. */
  drop(): void;
  /** What it does can't be said to the target: the keys are copied as they are afterwards. */
  copyAgain(...keys: Buffer[]): void;
  /** What it leaves behind can't be held by the target; whatever part of it can was sent. */
  unrepresentable(kind: string, key: Buffer): void;
  /** Nothing of this kind is left under the name, or, without a name, at all. */
  represented(kind: string, key?: Buffer): void;
}

/** Makes of one command what the target understands. The words are only good during the call. */
export type Translate = (words: Buffer[], output: Output) => void;

/** How a command of the stream is dealt with. */
export interface Rule {
  name: string;
  /** With at most so many words the command passes as it came, unread. */
  plainUpTo: number;
  /** Called where it has more. */
  translate: Translate;
  /** Tried before, for a form that is frequent: puts together bytes; false where the command has another form. */
  rewrite?: (parser: StreamParser, output: RawOutput) => boolean;
  /**
   * In its plain form the command can't fail on a target that holds the same data, so that it needn't be looked at again
   * after a bridge died before it saw the answer.
   */
  sure: boolean;
  /** Whether the command replaces or deletes what its keys held. */
  replaces: boolean;
}

/** A word as text in capitals, for comparing it with options. */
export function option(word: Buffer | undefined): string {
  return word === undefined ? "" : word.toString("latin1").toUpperCase();
}

/** An empty word: for indices that a well-formed command has. */
const NOTHING = Buffer.alloc(0);

/** Word `i`, which a well-formed command has. */
export function at(words: readonly Buffer[], i: number): Buffer {
  return words[i] ?? NOTHING;
}
