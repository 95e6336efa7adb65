import type { Batch } from "../../../components/engine/bridge/batch.ts";
import { encodeCommand, type Word } from "../../../components/engine/bridge/encode.ts";
import { copyEverything, type FullCopyParts } from "../../../components/engine/bridge/fullCopy.ts";
import { KeyCopier } from "../../../components/engine/bridge/keyCopy/keyCopier.ts";
import type { KeyAt, Reading } from "../../../components/engine/bridge/keyCopy/keyReader.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { abilitiesOf } from "../../../components/engine/bridge/translations/abilities.ts";
import type { StreamApplier } from "../../../components/engine/bridge/streamApplier.ts";
import type { Reply } from "../../../components/engine/verification/replyParser.ts";
import { makeApplier, Sink, START } from "./applierScene.ts";

/** Rounds without a read after which the copier is waiting for the stream. */
const IDLE = 1_000;
/** The same while everything is copied. */
const IDLE_COPYING = 20;
/** The bridge's own keys are here. */
const OWN_DATABASE = 15;
const VERSION = { product: "redis", version: "7.0" } as const;
/** Beside what was asked for. */
const AT_REST = { replies: [], now: 0, fieldExpiries: false };

type Value = string | string[];

/** A server as far as these tests need it: strings and lists. */
export class Model {
  readonly databases = new Map<number, Map<string, Value>>();
  #selected = 0;

  /** Does a command. */
  run(words: readonly string[]): void {
    const [name = "", key = "", ...rest] = words;
    const keys = this.keys(this.#selected);
    if (name === "SELECT") this.#selected = Number(key);
    else if (name === "FLUSHALL") this.databases.clear();
    else if (name === "SWAPDB") this.#swap(Number(key), Number(rest[0]));
    else if (this.#selected === OWN_DATABASE || name === "MULTI" || name === "EXEC") return;
    else if (name === "SET") keys.set(key, rest[0] ?? "");
    else if (name === "DEL") keys.delete(key);
    else if (name === "RPUSH") keys.set(key, [...this.list(keys.get(key)), ...rest]);
    else if (name === "LPOP") this.#pop(keys, key);
    else if (name === "LMOVE") this.#move(keys, key, rest[0] ?? "");
    else throw new Error(`the model doesn't know ${name}`);
  }

  /** The keys of a database. */
  keys(database: number): Map<string, Value> {
    const keys = this.databases.get(database) ?? new Map<string, Value>();
    this.databases.set(database, keys);
    return keys;
  }

  list(value: Value | undefined): string[] {
    return Array.isArray(value) ? value : [];
  }

  /** Everything but the bridge's own. */
  content(): unknown {
    return [0, 1].map((database) => Object.fromEntries([...this.keys(database)].sort()));
  }

  /** As a server does, it leaves no empty list behind. */
  #pop(keys: Map<string, Value>, key: string): string | undefined {
    const [first, ...rest] = this.list(keys.get(key));
    if (rest.length > 0) keys.set(key, rest);
    else if (first !== undefined) keys.delete(key);
    return first;
  }

  /** From the left of one list to the right of another one. */
  #move(keys: Map<string, Value>, from: string, to: string): void {
    const moved = this.#pop(keys, from);
    if (moved !== undefined) keys.set(to, [...this.list(keys.get(to)), moved]);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.keys(a), this.keys(b)];
    this.databases.set(a, second).set(b, first);
  }
}

/** A sink that does what it is sent. */
class ModelSink extends Sink {
  readonly model = new Model();

  override send(batch: Batch): void {
    const parser = new StreamParser();
    parser.push(Buffer.concat(batch.pieces));
    while (parser.next()) this.model.run(parser.all().map(String));
  }
}

/** A copier and an applier between two models. The test says when the stream is delivered and when reads are answered. */
export class CopierScene {
  readonly source = new Model();
  readonly sink = new ModelSink();
  readonly applier: StreamApplier;
  /** Reads that were answered. */
  reads = 0;
  /** So many further reads are answered before the stream comes, or as long as the copier doesn't wait for it. */
  late = 0;
  /** What happens between a read and its answer, e.g. writes. */
  meanwhile: () => void = () => undefined;
  /** What happens between the last delivery and a read. */
  before: () => void = () => undefined;
  failure: unknown;
  /** The copier wants the stream to stand still. */
  held = false;
  /** Whose keys were asked for, in order. */
  readonly scans: ("source" | "target")[] = [];
  /** Where the source says that it is, if not where it is. */
  saysOffset: number | undefined;
  readonly #parser = new StreamParser();
  #offset = START.applied.offset;
  #wire: Buffer[] = [];
  #database = 0;
  #selected = 0;

  constructor() {
    this.applier = makeApplier(this.#parser, this.sink, () => undefined);
    new KeyCopier({
      reader: {
        select: (database) => Promise.resolve(void (this.#database = database)),
        sizes: (keys) => Promise.resolve(keys.map((key) => ({ key, ...this.#sizeOf(key) }))),
        read: (keys) =>
          this.#answer(() => {
            const images = keys.map(({ key, type }) => {
              const now = this.#sizeOf(key).type;
              return now === type ? { key, type, value: this.#valueOf(key) } : undefined;
            });
            return { images } satisfies Omit<Reading, "offset">;
          }),
        at: (commands) =>
          this.#answer(() => ({ ...AT_REST, replies: commands.map((words) => this.#range(words)) })),
        ofKey: (key) => this.#answer(() => this.#keyAt(key)),
        fieldExpiries: () => Promise.reject(new Error("no field expires here")),
        inParts: async (key, _, { elements }, take) => {
          const { value, ...at } = await this.#answer(() => ({
            ...this.#keyAt(key),
            value: this.#valueOf(key),
          }));
          const items = Array.isArray(value) ? value : [];
          for (let i = 0; i < items.length; i += elements) await take(items.slice(i, i + elements), []);
          return at;
        },
      },
      applier: this.applier,
      sink: this.sink,
      stale: this.applier.parts.stale,
      unrepresentable: this.applier.parts.unrepresentable,
      target: abilitiesOf(VERSION, VERSION),
      databases: 16,
      figures: this.applier.parts.figures,
      hold: (held) => {
        this.held = held;
        if (!held) this.applier.pump();
      },
      onFailure: (error) => (this.failure = error),
    });
  }

  /** Copies everything, as a bridge does that can't go on where another one was. */
  async copyAll(): Promise<void> {
    const { applier } = this;
    const { stale, unrepresentable } = applier.parts;
    applier.note({ copying: true });
    const copying = copyEverything({
      source: this.#clientOf(this.source),
      target: this.#clientOf(this.sink.model),
      applier,
      stale,
      unrepresentable,
      databases: 16,
      functions: false,
      onProgress: () => undefined,
      stopped: () => this.failure !== undefined,
    });
    const state = { isCopying: true };
    void copying.finally(() => (state.isCopying = false));
    // What nobody asks for comes at last.
    for (let idle = 0, reads = 0; state.isCopying; reads = this.reads) {
      await new Promise(setImmediate);
      idle = this.reads === reads ? idle + 1 : 0;
      if (idle > IDLE_COPYING) this.deliver();
    }
    await copying;
    stale.noteAll();
    applier.note({ copying: false });
  }

  /** The source takes commands. */
  write(database: number, ...commands: Word[][]): void {
    const select = this.#selected === database ? [] : [["SELECT", database]];
    this.#selected = database;
    for (const words of [...select, ...commands]) {
      this.source.run(words.map(String));
      const bytes = encodeCommand(words);
      this.#offset += bytes.length;
      this.#wire.push(bytes);
    }
  }

  /** The bridge takes what the source wrote. */
  deliver(): void {
    for (const bytes of this.#wire.splice(0)) this.#parser.push(bytes);
    if (!this.held) this.applier.pump();
  }

  /** A command failed: what the target holds of a key is wrong, which the bridge knows. */
  spoil(database: number, key: string): void {
    // Of a stale key no command is applied that could fail.
    const stale = this.applier.parts.stale.find(database, Buffer.from(key));
    if (stale === undefined) this.sink.model.keys(database).set(key, "wrong");
    this.applier.spoil([{ atLeast: 1, database, keys: [Buffer.from(key)] }]);
  }

  /** Goes on until everything was delivered and nothing is to be copied any more, or so many reads were answered. */
  async settle(mostReads = 50): Promise<void> {
    const { stale } = this.applier.parts;
    let [reads, idle] = [0, 0];
    while (this.failure === undefined && this.reads < mostReads) {
      await new Promise(setImmediate);
      idle = this.reads === reads ? idle + 1 : 0;
      reads = this.reads;
      const isCopied = stale.toCopy === 0;
      if (isCopied && this.#wire.length === 0) break;
      if (isCopied || this.late <= 0 || idle > IDLE) this.deliver();
    }
    this.deliver();
    this.applier.flush(true);
  }

  /** For scanning: each answer has one key at most, and writes and deliveries come before the next one. */
  #clientOf(model: Model): FullCopyParts["source"] {
    const keysOf = (database: number): string[] => [...model.keys(database).keys()].sort();
    const answer = (database: number, [name, first]: readonly Word[]): Reply => {
      const keys = keysOf(database);
      if (name === "EXISTS") return Number(keys.includes(String(first)));
      if (name !== "SCAN") return [];
      this.scans.push(model === this.source ? "source" : "target");
      // Names are the places of a key in the table, so that a key is met where it is there all the time.
      const next = keys.find((key) => first === "0" || key > String(first));
      return [Buffer.from(next ?? "0"), next === undefined ? [] : [Buffer.from(next)]];
    };
    const after = async <T>(value: T): Promise<T> => {
      this.meanwhile();
      if (this.late-- <= 0) this.deliver();
      await new Promise(setImmediate);
      return value;
    };
    return {
      call: (_info, section) =>
        after(
          section === "replication"
            ? `master_repl_offset:${this.#offset}`
            : [0, 1].map((database) => `db${database}:keys=${keysOf(database).length}`).join("\r\n"),
        ),
      batch: ([select, ...commands]) =>
        after([null, ...commands.map((words) => answer(Number(select?.[1]), words))]),
    };
  }

  /** What was read stays as it was, whatever is written until the answer. */
  async #answer<T>(read: () => T): Promise<T & { offset: number }> {
    this.before();
    const answer = { ...read(), offset: this.saysOffset ?? this.#offset };
    this.meanwhile();
    if (this.late-- <= 0) this.deliver();
    await new Promise(setImmediate);
    this.reads++;
    return answer;
  }

  #keyAt(key: Buffer): Omit<KeyAt, "offset"> {
    return { ...AT_REST, type: this.#sizeOf(key).type, expiresAt: undefined };
  }

  #sizeOf(key: Buffer): { type: string; size: number; bytes: number } {
    const value = this.source.keys(this.#database).get(String(key));
    if (value === undefined) return { type: "none", size: 0, bytes: 0 };
    const { length } = value;
    return { type: Array.isArray(value) ? "list" : "string", size: length, bytes: length };
  }

  #valueOf(key: Buffer): Reply {
    const value = this.source.keys(this.#database).get(String(key));
    if (value === undefined) return 0;
    return Array.isArray(value) ? value.map((item) => Buffer.from(item)) : Buffer.from(value);
  }

  #range([, key, from, to]: readonly Word[]): Reply {
    const items = this.source.list(this.source.keys(this.#database).get(String(key)));
    return items.slice(Number(from), Number(to) + 1).map((item) => Buffer.from(item));
  }
}
