import { printable } from "../printable.ts";
import type { Word } from "./encode.ts";
import { UNREPRESENTABLE_KEY } from "./position.ts";

/** What a target can't represent, of one kind. */
export interface UnrepresentableKind {
  /** Keys, or libraries of functions; beyond 100,000 of all kinds they are no longer told apart and may count twice. */
  count: number;
  /** Some of them as `<database> <key>`, bytes that aren't UTF-8 as `\xNN`. */
  samples: string[];
}

const MAX_KEPT = 100_000;
const MAX_SAMPLES = 10;

/** Data of the source that the target can't represent, by kind; noted on the target, so that a new bridge knows. */
export class Unrepresentable {
  readonly #kinds = new Map<string, Map<string, Word>>();
  /** Not kept one by one any more. */
  readonly #beyond = new Map<string, number>();
  #kept = 0;
  #notes: Word[][] = [];

  get size(): number {
    return this.#kept;
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
    const keys = this.#kinds.get(kind) ?? new Map<string, Word>();
    this.#kinds.set(kind, keys);
    if (keys.has(name)) return;
    if (this.#kept >= MAX_KEPT) {
      this.#beyond.set(kind, (this.#beyond.get(kind) ?? 0) + 1);
      return;
    }
    keys.set(name, Buffer.concat([Buffer.from(`${kind} `), place]));
    this.#kept++;
    if (!noted) this.#notes.push(["SADD", UNREPRESENTABLE_KEY, keys.get(name) ?? ""]);
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
    const name = `${database} ${key.toString("latin1")}`;
    for (const keys of this.#kinds.values()) this.#delete(keys, name);
  }

  /** A database was flushed, or all of them. Libraries of functions stay: they are noted under database -1. */
  flush(database?: number): void {
    const prefix = database === undefined ? undefined : `${database} `;
    this.#drop((name) => (prefix === undefined ? !name.startsWith("-1 ") : name.startsWith(prefix)));
  }

  /** Everything of a kind is gone. */
  removeKind(kind: string): void {
    this.#drop(() => true, kind);
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
  }

  /** By kind, for a verdict; empty where the target represents everything. */
  summary(): Record<string, UnrepresentableKind> {
    const summary: Record<string, UnrepresentableKind> = {};
    for (const [kind, keys] of this.#kinds) {
      const count = keys.size + (this.#beyond.get(kind) ?? 0);
      if (count === 0) continue;
      const samples = [...keys.keys()].slice(0, MAX_SAMPLES);
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
}
