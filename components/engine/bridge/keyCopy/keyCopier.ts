import { setTimeout as delay } from "node:timers/promises";
import { Batch, commandAt, type BatchOutcome, type BatchSink } from "../batch.ts";
import type { Figures } from "../figures.ts";
import type { StaleKey, StaleKeys } from "../staleKeys.ts";
import type { StreamApplier } from "../streamApplier.ts";
import type { Abilities } from "../translations/abilities.ts";
import { FIELD_EXPIRY } from "../translations/collections.ts";
import type { Unrepresentable } from "../unrepresentable.ts";
import {
  canBeReadAtOnce,
  isLarge,
  readAtOnce,
  readParts,
  type KeyEnd,
  type PartReader,
  type TakePart,
} from "./bigKey.ts";
import { READERS } from "./keyImage.ts";
import type { KeyReader, KeySize } from "./keyReader.ts";
import { writeCommands } from "./keyWriter.ts";

/** What the copier works with. */
export interface CopierParts {
  reader: Pick<KeyReader, "select" | "sizes" | "read"> & PartReader;
  applier: StreamApplier;
  sink: BatchSink;
  stale: StaleKeys;
  unrepresentable: Unrepresentable;
  target: Abilities;
  databases: number;
  figures: Figures;
  /** Nothing more of the stream is applied while it is held, which begins only where the applier is clear. */
  hold: (held: boolean) => void;
  /** Copying is not possible any more. */
  onFailure: (error: unknown) => void;
}

/** Keys, elements and bytes that are read in one transaction. */
const KEYS_AT_ONCE = 200;
const ELEMENTS_AT_ONCE = 20_000;
const BYTES_AT_ONCE = 4 * 1024 * 1024;
/** How often a large key is read in parts before it is read at one moment, which holds up the source for its size. */
const TRIES_IN_PARTS = 5;
/** How often a key is read in one go in vain before the stream is held for it. */
const TRIES_IN_FLOW = 2;

/** Copies stale keys, as long as there are any. */
export class KeyCopier {
  readonly #parts: CopierParts;
  #running = false;
  #stopped = false;
  /** Keys that somebody wrote to while they were read, and how often. */
  readonly #tries = new Map<StaleKey, number>();

  constructor(parts: CopierParts) {
    this.#parts = parts;
    parts.stale.onWork = () => {
      this.#wake();
    };
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
  }

  #wake(): void {
    if (this.#running || this.#stopped || this.#parts.stale.toCopy === 0) return;
    this.#running = true;
    setImmediate(() => {
      this.#run().catch((error: unknown) => {
        this.#parts.onFailure(error);
      });
    });
  }

  async #run(): Promise<void> {
    const { stale } = this.#parts;
    for (let entries = stale.take(KEYS_AT_ONCE); entries.length > 0; entries = stale.take(KEYS_AT_ONCE)) {
      for (const group of byDatabase(entries)) await this.#copy(group);
      if (this.#stopped) return;
    }
    this.#running = false;
    this.#wake();
  }

  async #copy(entries: StaleKey[]): Promise<void> {
    const { reader, databases } = this.#parts;
    const database = entries[0]?.database ?? 0;
    if (database >= databases) throw new Error(`the target has no database ${database}`);
    await reader.select(database);
    const sizes = await reader.sizes(entries.map(({ key }) => key));
    let group: { entry: StaleKey; size: KeySize }[] = [];
    let [elements, bytes] = [0, 0];
    for (const [i, size] of sizes.entries()) {
      const entry = entries[i];
      if (entry === undefined) continue;
      if (isLarge(size) && (this.#triesOf(entry) < TRIES_IN_PARTS || canBeReadAtOnce(size))) {
        await this.#copyLarge(entry, size);
        continue;
      }
      elements += size.type === "string" ? 1 : size.size;
      bytes += size.bytes;
      group.push({ entry, size });
      if (elements < ELEMENTS_AT_ONCE && bytes < BYTES_AT_ONCE) continue;
      await this.#copyWhole(group);
      [group, elements, bytes] = [[], 0, 0];
    }
    if (group.length > 0) await this.#copyWhole(group);
  }

  /**
   * Where a key is written to faster than it is read, each image is behind what the stream said meanwhile. So the stream
   * is held at last: then no image is older than it, whatever the source takes during the reading.
   */
  async #copyWhole(group: { entry: StaleKey; size: KeySize }[]): Promise<void> {
    if (!group.some(({ entry }) => this.#triesOf(entry) >= TRIES_IN_FLOW)) {
      await this.#copyNow(group);
      return;
    }
    await this.#whileHeld(() => this.#copyNow(group));
  }

  /** Has the stream stand still. */
  async #whileHeld(copy: () => Promise<void>): Promise<void> {
    await this.#turn();
    this.#parts.hold(true);
    try {
      await copy();
    } finally {
      this.#parts.hold(false);
    }
  }

  async #copyNow(group: { entry: StaleKey; size: KeySize }[]): Promise<void> {
    const { reader, stale, figures, target, applier } = this.#parts;
    const from = applier.place.offset;
    const { offset, images } = await reader.read(group.map(({ size }) => size));
    refuseBehind(offset, from);
    await this.#turn();
    const batch = this.#begin(group[0]?.entry.database ?? 0);
    for (const [i, { entry }] of group.entries()) {
      const image = images[i];
      if (entry.copiedAt > 0) continue;
      if (image === undefined || entry.touchedAt > offset || entry.again) {
        this.#inVain(entry);
        continue;
      }
      batch.add(["DEL", entry.key]);
      if (this.#judge(entry, image.type, (image.fieldExpiries ?? []).length > 0))
        for (const command of writeCommands(image, target)) batch.add(command);
      this.#note(batch, stale.copied(entry, offset), entry.database);
      this.#tries.delete(entry);
      figures.recopied++;
    }
    this.#send(batch);
  }

  /** Without holding up the source at first; where somebody wrote to the key meanwhile, it is looked at again later. */
  async #copyLarge(entry: StaleKey, size: KeySize): Promise<void> {
    const { reader, applier } = this.#parts;
    if (this.#triesOf(entry) >= TRIES_IN_PARTS) {
      await this.#whileHeld(() => this.#copyParts(entry, size, (take) => readAtOnce(reader, size, take)));
      return;
    }
    await this.#copyParts(entry, size, async (take) => {
      const end = await readParts(reader, size, take);
      // What was written between its parts is known once the stream is there.
      while (end !== undefined && applier.place.offset < end.last && !this.#stopped) await delay(1);
      return end;
    });
  }

  async #copyParts(
    entry: StaleKey,
    { type }: KeySize,
    read: (take: TakePart) => Promise<KeyEnd | undefined>,
  ): Promise<void> {
    const { stale, applier, target, figures } = this.#parts;
    const from = applier.place.offset;
    let begunAt: number | undefined;
    const end = await read(async (part) => {
      await this.#turn();
      const batch = this.#begin(entry.database);
      if (begunAt === undefined) batch.add(["DEL", entry.key]);
      begunAt ??= applier.place.offset;
      for (const command of part(target)) batch.add(command);
      this.#send(batch);
    });
    await this.#turn();
    if (end !== undefined) refuseBehind(end.first, from);
    const isOld = end === undefined || entry.touchedAt > end.first || entry.disturbedAt > (begunAt ?? from);
    if (isOld || entry.again || entry.copiedAt > 0) {
      this.#inVain(entry);
      return;
    }
    this.#judge(entry, type, end.fieldsExpire);
    const batch = this.#begin(entry.database);
    this.#note(batch, stale.copied(entry, end.first), entry.database);
    this.#send(batch);
    this.#tries.delete(entry);
    figures.recopied++;
  }

  #triesOf(entry: StaleKey): number {
    return this.#tries.get(entry) ?? 0;
  }

  /** It is looked at again later. */
  #inVain(entry: StaleKey): void {
    [entry.busy, entry.again] = [false, false];
    this.#tries.set(entry, this.#triesOf(entry) + 1);
  }

  /** Whether the target can hold it; tells what it can't. */
  #judge(entry: StaleKey, type: string, fieldsExpire: boolean): boolean {
    const { unrepresentable, target } = this.#parts;
    const { database, key } = entry;
    unrepresentable.remove(database, key);
    if (type === "none") return false;
    if (!target.fieldExpiry && fieldsExpire) unrepresentable.add(FIELD_EXPIRY, database, key);
    if (READERS.has(type) || target.payloads) return true;
    unrepresentable.add(type.replaceAll(" ", "-"), database, key);
    return false;
  }

  /** Waits until everything that the stream gave so far is on its way, so that what is sent now comes after it. */
  async #turn(): Promise<void> {
    const { applier, sink } = this.#parts;
    while (!applier.clear() || sink.full) {
      if (this.#stopped) throw new Error("stopped");
      await delay(1);
    }
  }

  #begin(database: number): Batch {
    const batch = new Batch();
    batch.add(["SELECT", database]);
    return batch;
  }

  #note(batch: Batch, note: (string | number | Buffer)[], database: number): void {
    const { applier, databases, unrepresentable } = this.#parts;
    if (!applier.ledger.noting) return;
    batch.add(["SELECT", databases - 1]);
    batch.add(note);
    // Noted as copied and not as lacking something, the key would count as whole to the next bridge.
    for (const mark of unrepresentable.takeNotes()) batch.add(mark);
    batch.add(["SELECT", database]);
  }

  #send(batch: Batch): void {
    this.#parts.applier.ledger.sendBeside(batch);
  }

  /** A copied key that the target refuses can't be held by it. */
  refused(batch: Batch, outcome: BatchOutcome): void {
    for (const { index, message } of outcome.failures) {
      const command = commandAt(batch.pieces, index);
      const key = command?.words[command.words[0]?.toString() === "XGROUP" ? 2 : 1];
      if (command === undefined || key === undefined) continue;
      const code = message.split(" ", 1)[0] ?? "ERR";
      this.#parts.unrepresentable.add(`refused:${code}`, command.database, key);
    }
  }
}

/** A key would be read again for ever: what the source sent can't be ahead of what it has. */
function refuseBehind(offset: number, sent: number): void {
  if (offset < sent) throw new Error(`the source says that it is at ${offset}, and has sent up to ${sent}`);
}

function byDatabase(entries: StaleKey[]): StaleKey[][] {
  const groups = new Map<number, StaleKey[]>();
  for (const entry of entries) {
    const group = groups.get(entry.database);
    if (group === undefined) groups.set(entry.database, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}
