import { printable } from "../printable.ts";
import type { Word } from "./encode.ts";
import { keyName } from "./keyName.ts";
import { UNREPRESENTABLE_KEY } from "./position.ts";

/** What a target can't represent, of one kind. */
export interface UnrepresentableKind {
  /**
   * Keys, or libraries of functions. Beyond 100,000 of all kinds they are no longer told apart: they may count twice, and
   * as one of a bridge that came later; they count until all databases are flushed or everything is copied again.
   */
  count: number;
  /** Some of them as `<database> <key>`, bytes that aren't UTF-8 as `\xNN`. */
  samples: string[];
}

const MAX_KEPT = 100_000;
const MAX_SAMPLES = 10;
/** What libraries of functions are noted under. */
const NO_DATABASE = -1;
/** Stands for those of a kind that aren't told apart: a name that no key has, in no database. */
export const NOT_TOLD_APART = "-2 not told apart";

/** Data of the source that the target can't represent, by kind; noted on the target, so that a new bridge knows. */
export class Unrepresentable {
  readonly #kinds = new Map<string, Map<string, Word>>();
  /** Not kept one by one any more; noted on the target as one member for each kind. */
  readonly #beyond = new Map<string, number>();
  #kept = 0;
  #notes: Word[][] = [];

  /** Keys that are told apart. */
  get size(): number {
    return this.#kept;
  }

  /** Whether something of the key is named. */
  has(database: number, key: Buffer): boolean {
    const name = keyName(database, key);
    for (const keys of this.#kinds.values()) if (keys.has(name)) return true;
    return false;
  }

  get hasNotes(): boolean {
    return this.#notes.length > 0;
  }

  takeNotes(): Word[][] {
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }

  /** The key, or the library of functions, has something that the target can't represent. */
  add(kind: string, database: number, key: Buffer, noted = false): void {
    const place = Buffer.concat([Buffer.from(`${database} `), key]);
    const name = place.toString("latin1");
    if (name === NOT_TOLD_APART) {
      this.#addFurther(kind, noted);
      return;
    }
    const keys = this.#kinds.get(kind) ?? new Map<string, Word>();
    this.#kinds.set(kind, keys);
    if (keys.has(name)) return;
    // Libraries of functions are few, and a flush, which ends what isn't told apart, leaves them.
    if (this.#kept >= MAX_KEPT && database !== NO_DATABASE) {
      this.#addFurther(kind, noted);
      return;
    }
    keys.set(name, Buffer.concat([Buffer.from(`${kind} `), place]));
    this.#kept++;
    if (!noted) this.#notes.push(["SADD", UNREPRESENTABLE_KEY, keys.get(name) ?? ""]);
  }

  #addFurther(kind: string, noted: boolean): void {
    const before = this.#beyond.get(kind) ?? 0;
    this.#beyond.set(kind, before + 1);
    if (before === 0 && !noted) this.#notes.push(["SADD", UNREPRESENTABLE_KEY, furtherOf(kind)]);
  }

  /** As an earlier bridge noted it on the target. */
  restore(member: Buffer): void {
    const first = member.indexOf(0x20);
    const second = member.indexOf(0x20, first + 1);
    const database = Number(member.toString("latin1", first + 1, second));
    this.add(member.toString("latin1", 0, first), database, member.subarray(second + 1), true);
  }

  /** The key was deleted or overwritten. */
  remove(database: number, key: Buffer): void {
    const name = keyName(database, key);
    for (const keys of this.#kinds.values()) this.#delete(keys, name);
  }

  /** A database was flushed, or all of them. Libraries of functions stay: they are noted under database -1. */
  flush(database?: number): void {
    if (database === undefined) for (const kind of this.#beyond.keys()) this.#forgetFurther(kind);
    const prefix = database === undefined ? undefined : `${database} `;
    this.#drop((name) => (prefix === undefined ? !name.startsWith("-1 ") : name.startsWith(prefix)));
  }

  /** Everything of a kind is gone. */
  removeKind(kind: string): void {
    this.#forgetFurther(kind);
    this.#drop(() => true, kind);
  }

  /** Two databases changed places; those that aren't told apart are in neither. */
  swap(a: number, b: number): void {
    const [inA, inB] = [`${a} `, `${b} `];
    for (const [kind, keys] of this.#kinds) {
      const moved = [...keys.keys()].filter((name) => name.startsWith(inA) || name.startsWith(inB));
      for (const name of moved) this.#delete(keys, name);
      for (const name of moved) {
        const to = name.startsWith(inA) ? b : a;
        this.add(kind, to, Buffer.from(name.slice(name.indexOf(" ") + 1), "latin1"));
      }
    }
  }

  /** Forgets everything: the dataset is judged anew. */
  clear(): void {
    this.#kinds.clear();
    this.#beyond.clear();
    this.#kept = 0;
    this.#notes = [["DEL", UNREPRESENTABLE_KEY]];
  }

  /** Notes everything again: the target's own keys were flushed. */
  noteAll(): void {
    for (const keys of this.#kinds.values()) {
      for (const member of keys.values()) this.#notes.push(["SADD", UNREPRESENTABLE_KEY, member]);
    }
    for (const kind of this.#beyond.keys()) {
      this.#notes.push(["SADD", UNREPRESENTABLE_KEY, furtherOf(kind)]);
    }
  }

  /** By kind, for a verdict; empty where the target represents everything. */
  summary(): Record<string, UnrepresentableKind> {
    const summary: Record<string, UnrepresentableKind> = {};
    for (const kind of new Set([...this.#kinds.keys(), ...this.#beyond.keys()])) {
      const names = [...(this.#kinds.get(kind)?.keys() ?? [])];
      const further = this.#beyond.get(kind) ?? 0;
      const count = names.length + further;
      if (count === 0) continue;
      if (names.length === 0) names.push(NOT_TOLD_APART);
      const samples = names.slice(0, MAX_SAMPLES);
      summary[kind] = { count, samples: samples.map((name) => printable(Buffer.from(name, "latin1"))) };
    }
    return summary;
  }

  #drop(matches: (name: string) => boolean, only?: string): void {
    for (const [kind, keys] of this.#kinds) {
      if (only !== undefined && kind !== only) continue;
      for (const name of keys.keys()) if (matches(name)) this.#delete(keys, name);
    }
  }

  #delete(keys: Map<string, Word>, name: string): void {
    const member = keys.get(name);
    if (member === undefined) return;
    keys.delete(name);
    this.#kept--;
    this.#notes.push(["SREM", UNREPRESENTABLE_KEY, member]);
  }

  #forgetFurther(kind: string): void {
    if (this.#beyond.delete(kind)) this.#notes.push(["SREM", UNREPRESENTABLE_KEY, furtherOf(kind)]);
  }
}

function furtherOf(kind: string): string {
  return `${kind} ${NOT_TOLD_APART}`;
}
