import type { Word } from "./encode.ts";
import { keyName } from "./keyName.ts";
import { STALE_KEY } from "./position.ts";

/** What an entry takes beside its key, which it holds twice: measured with Node.js 24, 382 bytes with a key of 14. */
const ENTRY_BYTES = 400;
/** What all of them may take: a fourth of the heap that a bridge has by default. */
const MOST_BYTES = 24 * 1024 * 1024;
/** More than a bridge ever holds. */
export const MOST_STALE = Math.floor(MOST_BYTES / ENTRY_BYTES);

/** A key that the target doesn't hold as the stream says, or holds as of a later place than the stream's. */
export interface StaleKey {
  database: number;
  key: Buffer;
  /** The target holds the key as of this offset of the source; 0: it has to be copied. */
  copiedAt: number;
  /** The last command of the stream that touched the key while it was not applied. */
  touchedAt: number;
  /** The last FLUSHALL, FLUSHDB or SWAPDB since it has been here: what was sent for the key before may be elsewhere. */
  disturbedAt: number;
  /** Somebody is copying it. */
  busy: boolean;
  /** What is being read of it is not used: it is to be read together with others. */
  again: boolean;
}

/**
 * Keys whose commands in the stream are not applied for now, because they are copied again or were copied at a later
 * offset. Changes are noted on the target with the next transaction, so that a bridge that dies forgets none.
 */
export class StaleKeys {
  readonly #keys = new Map<string, StaleKey>();
  #notes: Word[][] = [];
  #toCopy = 0;
  #bytes = 0;
  /** Where the last `copiedAt` of all lies: nothing is ahead of the stream beyond it. */
  #furthest = 0;
  #nextExpiry = 0;
  /** Called when a key was added that has to be copied. */
  onWork: () => void = () => undefined;
  /** Called where a key is not kept because there are too many: nothing but a copy of everything helps. */
  onTooMany: () => void = () => undefined;

  get size(): number {
    return this.#keys.size;
  }

  /** So many that no more are to be added which could as well be added later. */
  get crowded(): boolean {
    return this.#bytes > MOST_BYTES / 2;
  }

  /** So many that the rest of the room is for those that can't be left out. */
  get packed(): boolean {
    return this.#bytes > (3 * MOST_BYTES) / 4;
  }

  /** Keys that have to be copied still. */
  get toCopy(): number {
    return this.#toCopy;
  }

  /** Changes that the target doesn't know of yet; taking them makes the caller responsible for sending them. */
  takeNotes(): Word[][] {
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }

  get hasNotes(): boolean {
    return this.#notes.length > 0;
  }

  find(database: number, key: Buffer): StaleKey | undefined {
    return this.#keys.get(keyName(database, key));
  }

  /** The key has to be copied as it was at `touchedAt` or later, where it isn't, ahead of the stream. */
  add(database: number, key: Buffer, touchedAt: number, noted = false): StaleKey {
    const name = keyName(database, key);
    let entry = this.#keys.get(name);
    if (entry === undefined) {
      entry = {
        database,
        key: Buffer.from(key),
        copiedAt: 0,
        touchedAt,
        disturbedAt: 0,
        busy: false,
        again: false,
      };
      if (this.#bytes + bytesOf(entry) > MOST_BYTES) {
        this.onTooMany();
        return entry;
      }
      this.#keys.set(name, entry);
      this.#bytes += bytesOf(entry);
      this.#toCopy++;
      if (!noted) this.#note(entry);
    } else {
      if (entry.copiedAt < touchedAt) this.#again(entry, noted);
      entry.touchedAt = Math.max(entry.touchedAt, touchedAt);
    }
    this.onWork();
    return entry;
  }

  /** As `add`, whatever was copied of it ahead of the stream already, or is being read. */
  addAgain(database: number, key: Buffer, touchedAt: number): StaleKey {
    const entry = this.add(database, key, touchedAt);
    entry.again = entry.busy;
    this.#again(entry);
    this.onWork();
    return entry;
  }

  /** As an earlier bridge noted it on the target. */
  restore(field: Buffer, copiedAt: number): void {
    const space = field.indexOf(0x20);
    const database = Number(field.toString("latin1", 0, space));
    const entry = this.add(database, field.subarray(space + 1), 0, true);
    if (copiedAt > 0 && this.find(database, entry.key) === entry) this.copied(entry, copiedAt);
  }

  /** The target will hold the key as of `offset` once what is sent now took effect; returns what notes that. */
  copied(entry: StaleKey, offset: number): Word[] {
    if (entry.copiedAt === 0) this.#toCopy--;
    // 0 says that it has to be copied, and a server that has emitted nothing yet is at 0; no command ends at 1.
    entry.copiedAt = Math.max(1, offset);
    entry.busy = false;
    this.#furthest = Math.max(this.#furthest, entry.copiedAt);
    return ["HSET", STALE_KEY, fieldOf(entry), entry.copiedAt];
  }

  /** Keys that have to be copied and that nobody copies, up to `count`; they are busy then. */
  take(count: number): StaleKey[] {
    const taken: StaleKey[] = [];
    for (const entry of this.#keys.values()) {
      if (taken.length >= count) break;
      if (entry.copiedAt > 0 || entry.busy) continue;
      entry.busy = true;
      taken.push(entry);
    }
    return taken;
  }

  /** Forgets keys that the stream has caught up with. */
  passed(offset: number): void {
    if (this.#keys.size === 0 || (offset < this.#furthest && this.#nextExpiry++ % 64 !== 0)) return;
    const gone: Word[] = [];
    for (const [name, entry] of this.#keys) {
      if (entry.copiedAt === 0 || entry.copiedAt > offset) continue;
      this.#keys.delete(name);
      this.#bytes -= bytesOf(entry);
      gone.push(fieldOf(entry));
    }
    if (gone.length > 0) this.#notes.push(["HDEL", STALE_KEY, ...gone]);
  }

  /**
   * The whole dataset, or databases of it, changed at `offset`: each key that is copied, or was copied ahead of the
   * stream, must be copied as it was at that offset or later.
   */
  disturb(offset: number, databases?: readonly number[]): void {
    for (const entry of [...this.#keys.values()]) {
      if (databases !== undefined && !databases.includes(entry.database)) continue;
      for (const database of databases ?? [entry.database])
        this.addAgain(database, entry.key, offset).disturbedAt = offset;
    }
  }

  /** Notes everything again: the target's own keys were flushed. */
  noteAll(): void {
    for (const entry of this.#keys.values()) this.#note(entry);
  }

  #again(entry: StaleKey, noted = false): void {
    if (entry.copiedAt === 0) return;
    entry.copiedAt = 0;
    this.#toCopy++;
    if (!noted) this.#note(entry);
  }

  #note(entry: StaleKey): void {
    this.#notes.push(["HSET", STALE_KEY, fieldOf(entry), entry.copiedAt]);
  }
}

function bytesOf({ key }: StaleKey): number {
  return ENTRY_BYTES + 2 * key.length;
}

function fieldOf(entry: StaleKey): Buffer {
  return Buffer.concat([Buffer.from(`${entry.database} `), entry.key]);
}
