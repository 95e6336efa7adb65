import type { Batch } from "../../../components/engine/bridge/batch.ts";
import { encodeCommand, type Word } from "../../../components/engine/bridge/encode.ts";
import { KeyCopier } from "../../../components/engine/bridge/keyCopy/keyCopier.ts";
import type { KeyAt, Reading } from "../../../components/engine/bridge/keyCopy/keyReader.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { abilitiesOf } from "../../../components/engine/bridge/translations/abilities.ts";
import type { StreamApplier } from "../../../components/engine/bridge/streamApplier.ts";
import type { Reply } from "../../../components/engine/verification/replyParser.ts";
import { makeApplier, Sink, START } from "./applierScene.ts";

/** Rounds without a read after which the copier is waiting for the stream. */
const IDLE = 1_000;
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
  failure: unknown;
  /** The copier wants the stream to stand still. */
  held = false;
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

  /** What was read stays as it was, whatever is written until the answer. */
  async #answer<T>(read: () => T): Promise<T & { offset: number }> {
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
