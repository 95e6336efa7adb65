import type { Reply } from "../verification/replyParser.ts";

/** Where a command's keys stand, as COMMAND tells it: word numbers, the name being 0; `last` counts from the end if < 0. */
interface KeySpec {
  first: number;
  last: number;
  step: number;
  /** COMMAND can't tell: keys move with the arguments. */
  movable: boolean;
}

/** What a server says of one of its commands. */
export interface KnownCommand extends KeySpec {
  /** Number of words; at least so many if negative. */
  arity: number;
}

type KeyFinder = (words: readonly Buffer[]) => Buffer[];

/** Commands whose keys COMMAND doesn't tell on all versions. */
const FINDERS: ReadonlyMap<string, KeyFinder> = new Map<string, KeyFinder>([
  ["xgroup", (words) => words.slice(2, 3)],
  ["zunionstore", withDestination],
  ["zinterstore", withDestination],
  ["zdiffstore", withDestination],
  ["sort", (words) => [...words.slice(1, 2), ...behind(words, 2, "store")]],
  ["georadius", (words) => [...words.slice(1, 2), ...behind(words, 5, "store", "storedist")]],
  ["georadiusbymember", (words) => [...words.slice(1, 2), ...behind(words, 4, "store", "storedist")]],
  ["msetex", (words) => words.slice(2, 2 + 2 * Number(words[1])).filter((_, i) => i % 2 === 0)],
  ["eval", (words) => words.slice(3, 3 + Number(words[2]))],
  ["function", () => []],
  ["script", () => []],
]);

function withDestination(words: readonly Buffer[]): Buffer[] {
  return [...words.slice(1, 2), ...words.slice(3, 3 + Number(words[2]))];
}

function behind(words: readonly Buffer[], from: number, ...options: string[]): Buffer[] {
  return words.filter((_, i) => i > from && options.includes(words[i - 1]?.toString().toLowerCase() ?? ""));
}

/** Reads the reply of COMMAND. */
export function readCommands(reply: Reply): Map<string, KnownCommand> {
  const known = new Map<string, KnownCommand>();
  for (const entry of Array.isArray(reply) ? reply : []) {
    if (!Array.isArray(entry)) continue;
    const [name, arity, flags, first, last, step] = entry;
    known.set(String(name).toLowerCase(), {
      arity: Number(arity),
      movable: Array.isArray(flags) && flags.some((flag) => String(flag) === "movablekeys"),
      first: Number(first),
      last: Number(last),
      step: Number(step),
    });
  }
  return known;
}

/** Finds the keys of commands in a source's stream. */
export class KeySpecs {
  readonly #known: ReadonlyMap<string, KnownCommand>;

  /** @param known what the source says of its commands */
  constructor(known: ReadonlyMap<string, KnownCommand>) {
    this.#known = known;
  }

  /** The keys of a command; undefined where only COMMAND GETKEYS can tell. */
  keysOf(name: string, words: readonly Buffer[]): Buffer[] | undefined {
    const finder = FINDERS.get(name);
    if (finder !== undefined) return finder(words);
    const spec = this.#known.get(name);
    if (spec === undefined || (spec.movable && spec.first === 0)) return undefined;
    if (spec.movable) return undefined;
    if (spec.first === 0) return [];
    const last = spec.last < 0 ? words.length + spec.last : spec.last;
    return words.filter(
      (_, i) => i >= spec.first && i <= last && (i - spec.first) % Math.max(1, spec.step) === 0,
    );
  }
}
