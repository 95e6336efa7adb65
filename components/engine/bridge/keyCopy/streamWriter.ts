import type { Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import type { Abilities } from "../translations/abilities.ts";
import { listOf, pairsOf } from "./keyWriter.ts";

/** A group that only makes the stream come to be, also where it has no entries. */
const MAKER = "redis-bluegreen";
/** Both parts of an ID have 64 bits. */
const LAST = 2n ** 64n - 1n;

type Entry = [id: Buffer, values: Buffer[]];
type Group = Map<string, Reply>;
/** Of a group: when it was delivered in milliseconds of the server's clock, and how often. */
type Pending = [id: Buffer, consumer: Buffer, time: number, count: number];

/** Commands that make a stream what `XINFO STREAM … FULL COUNT 0` says. */
export function* streamCommands(key: Buffer, full: Reply, target: Abilities): Generator<Word[]> {
  const writer = new StreamWriter(key, full);
  yield* writer.entries(pairsOf(full).get("entries"));
  yield* writer.end(target);
}

/** Commands that make a stream: its entries in parts, then its last ID, groups, consumers and pending entries. */
export class StreamWriter {
  readonly #key: Buffer;
  readonly #fields: Map<string, Reply>;
  readonly #groups: Group[];
  /** Of pending entries, in order; those that entries were written up to are gone from here. */
  readonly #pending: Buffer[];
  /**
   * Pending entries that were trimmed or deleted since. XCLAIM makes none of what is not there (measured with 6.0.16,
   * 7.0.15, 8.0.2), so they have to be there for a moment.
   */
  readonly #gone: Buffer[] = [];
  #begun = false;

  /** @param full what `XINFO STREAM … FULL` answers, with every pending entry; entries in it don't matter */
  constructor(key: Buffer, full: Reply) {
    this.#key = key;
    this.#fields = pairsOf(full);
    this.#groups = listOf(this.#fields.get("groups")).map((group) => pairsOf(group));
    const ids = this.#groups.flatMap(pendingOf).map(([id]): [string, Buffer] => [String(id), id]);
    // The next one is the last of the list.
    this.#pending = [...new Map(ids).values()].sort((a, b) => compareIds(b, a));
  }

  /** The most pending entries that a group has. */
  get mostPending(): number {
    return Math.max(0, ...this.#groups.map((group) => Number(group.get("pel-count"))));
  }

  /** Adds a part of the entries, which follow those of the part before. @param entries as XRANGE answers */
  *entries(entries: Reply | undefined): Generator<Word[]> {
    yield* this.#begin();
    for (const [id, values] of listOf(entries) as Entry[]) {
      yield* this.#standInsBefore(id);
      yield ["XADD", this.#key, id, ...values];
    }
  }

  /** What comes behind the last entry. */
  *end(target: Abilities): Generator<Word[]> {
    yield* this.#begin();
    yield* this.#standInsBefore(undefined);
    const isWhole = this.#gone.length === 0;
    if (isWhole) yield this.#setId(target);
    for (const group of this.#groups) yield* groupCommands(this.#key, group, target);
    if (isWhole) return;
    yield ["XDEL", this.#key, ...this.#gone];
    yield this.#setId(target);
    for (const group of this.#groups) yield ["XGROUP", "SETID", this.#key, ...placeOf(group, target)];
  }

  *#begin(): Generator<Word[]> {
    if (this.#begun) return;
    this.#begun = true;
    yield ["XGROUP", "CREATE", this.#key, MAKER, "$", "MKSTREAM"];
    yield ["XGROUP", "DESTROY", this.#key, MAKER];
  }

  /** In the order in which XADD takes them. */
  *#standInsBefore(id: Buffer | undefined): Generator<Word[]> {
    for (let next = this.#pending.at(-1); next !== undefined; next = this.#pending.at(-1)) {
      const order = id === undefined ? -1 : compareIds(next, id);
      if (order > 0) return;
      this.#pending.pop();
      if (order === 0) return;
      this.#gone.push(next);
      yield ["XADD", this.#key, next, MAKER, "gone"];
    }
  }

  #setId(target: Abilities): Word[] {
    return setId(this.#key, this.#fields, target);
  }
}

function compareIds(a: Buffer, b: Buffer): number {
  const [[ms = 0n, seq = 0n], [otherMs = 0n, otherSeq = 0n]] = [partsOf(a), partsOf(b)];
  const difference = ms === otherMs ? seq - otherSeq : ms - otherMs;
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** The lowest ID behind this one; undefined where there is none. */
export function nextId(id: Buffer): string | undefined {
  const [ms = 0n, seq = 0n] = partsOf(id);
  if (seq < LAST) return `${ms}-${seq + 1n}`;
  return ms < LAST ? `${ms + 1n}-0` : undefined;
}

function partsOf(id: Buffer): bigint[] {
  return String(id).split("-").map(BigInt);
}

function setId(key: Buffer, fields: Map<string, Reply>, target: Abilities): Word[] {
  const last = wordOf(fields.get("last-generated-id"));
  const added = fields.get("entries-added");
  const deleted = fields.get("max-deleted-entry-id");
  if (!target.since70 || typeof added !== "number" || !(deleted instanceof Buffer))
    return ["XSETID", key, last];
  return ["XSETID", key, last, "ENTRIESADDED", added, "MAXDELETEDID", deleted];
}

function* groupCommands(key: Buffer, group: Group, target: Abilities): Generator<Word[]> {
  const name = wordOf(group.get("name"));
  yield ["XGROUP", "CREATE", key, ...placeOf(group, target)];
  if (target.since62) {
    for (const consumer of listOf(group.get("consumers")))
      yield ["XGROUP", "CREATECONSUMER", key, name, wordOf(pairsOf(consumer).get("name"))];
  }
  for (const [id, consumer, time, count] of pendingOf(group)) {
    yield ["XCLAIM", key, name, consumer, 0, id, "TIME", time, "RETRYCOUNT", count, "FORCE", "JUSTID"];
  }
}

/** A group's name, and where it is. */
function placeOf(group: Group, target: Abilities): Word[] {
  const read = group.get("entries-read");
  const counter: Word[] = target.since70 && typeof read === "number" ? ["ENTRIESREAD", read] : [];
  return [wordOf(group.get("name")), wordOf(group.get("last-delivered-id")), ...counter];
}

function pendingOf(group: Group): Pending[] {
  return listOf(group.get("pending") ?? group.get("pel")) as Pending[];
}

function wordOf(reply: Reply | undefined): Word {
  return reply instanceof Buffer || typeof reply === "number" ? reply : "0-0";
}
