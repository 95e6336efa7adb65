import type { Command } from "./bulkConnection.ts";
import type { DatasetReader } from "./datasetReader.ts";
import type { Reply } from "./replyParser.ts";
import { digestOf, OrderedDigest, OrderFreeDigest } from "./orderFreeDigest.ts";

/** How a value is read, chunk by chunk, so that no single command holds the server up. */
export interface ValueDigester {
  /** The command for the next chunk, or nothing when everything was read. */
  next(): Command | undefined;
  /** Takes the reply to it. */
  take(reply: Reply): void;
  /** After the last chunk: equal values have equal digests, on all versions. */
  value(): string;
}

/**
 * What of the expiry of hash fields becomes part of a hash's digest: nothing, what the server says, or, for a server
 * that doesn't know such a thing, that each field lasts for ever.
 */
export type FieldExpiry = "ignored" | "read" | "never";

/** Elements, or 64 bytes each of a string, in one chunk. */
const CHUNK = 1_000;
const STRING_CHUNK = 64 * CHUNK;

/** How to read a value of a type; absent: a module's type, or one of a version that this project doesn't know. */
export function digesterFor(type: string, key: Buffer, fieldExpiry: FieldExpiry): ValueDigester | undefined {
  switch (type) {
    case "string":
      return new StringDigester(key);
    case "list":
      return new RangeDigester(key, (from, to) => ["LRANGE", key, from, to]);
    case "zset":
      return new ZsetDigester(key);
    case "set":
      return new ScanDigester(["SSCAN", key], ["SCARD", key], false);
    case "hash":
      return fieldExpiry === "ignored"
        ? new ScanDigester(["HSCAN", key], ["HLEN", key], true)
        : new HashExpiryDigester(key, fieldExpiry);
    default:
      return undefined;
  }
}

class StringDigester implements ValueDigester {
  readonly #key: Buffer;
  readonly #digest = new OrderedDigest();
  #offset = 0;
  #done = false;

  constructor(key: Buffer) {
    this.#key = key;
  }

  next(): Command | undefined {
    return this.#done ? undefined : ["GETRANGE", this.#key, this.#offset, this.#offset + STRING_CHUNK - 1];
  }

  take(reply: Reply): void {
    const chunk = reply as Buffer;
    this.#digest.add(chunk);
    this.#offset += chunk.length;
    this.#done = chunk.length < STRING_CHUNK;
  }

  value(): string {
    return `${this.#offset}:${this.#digest.value()}`;
  }
}

class RangeDigester implements ValueDigester {
  protected readonly key: Buffer;
  protected readonly digest = new OrderedDigest();
  protected index = 0;
  protected done = false;
  readonly #range: (from: number, to: number) => Command;

  constructor(key: Buffer, range: (from: number, to: number) => Command) {
    this.key = key;
    this.#range = range;
  }

  next(): Command | undefined {
    return this.done ? undefined : this.#range(this.index, this.index + CHUNK - 1);
  }

  take(reply: Reply): void {
    const elements = reply as Buffer[];
    for (const element of elements) this.digest.add(element);
    this.index += elements.length;
    this.done = elements.length < CHUNK;
  }

  value(): string {
    return this.digest.value();
  }
}

class ZsetDigester extends RangeDigester {
  constructor(key: Buffer) {
    super(key, (from, to) => ["ZRANGE", key, from, to, "WITHSCORES"]);
  }

  override take(reply: Reply): void {
    const elements = reply as Buffer[];
    for (let i = 0; i + 1 < elements.length; i += 2) {
      this.digest.add(elements[i] ?? Buffer.alloc(0), canonicalScore(elements[i + 1] ?? Buffer.alloc(0)));
    }
    this.index += elements.length / 2;
    this.done = elements.length < 2 * CHUNK;
  }
}

/** Versions before 7.2 print 0.1 as 0.10000000000000001: what counts is the double. */
export function canonicalScore(text: Buffer): Buffer {
  const score = text.toString("latin1");
  if (/^[+-]?inf/i.test(score)) return Buffer.from(score.startsWith("-") ? "-inf" : "inf");
  const double = Buffer.alloc(8);
  double.writeDoubleBE(Number(score));
  return double;
}

/** Sets and hashes; the size is read last, because SCAN may give an element twice. */
class ScanDigester implements ValueDigester {
  readonly #scan: readonly [string, Buffer];
  readonly #size: Command;
  readonly #pairs: boolean;
  protected readonly digest = new OrderFreeDigest();
  protected cursor = "0";
  #phase: "first" | "more" | "size" | "done" = "first";
  #note = "";

  constructor(scan: readonly [string, Buffer], size: Command, pairs: boolean) {
    this.#scan = scan;
    this.#size = size;
    this.#pairs = pairs;
  }

  next(): Command | undefined {
    if (this.#phase === "done") return undefined;
    if (this.#phase === "size") return this.#size;
    return [...this.#scan, this.cursor, "COUNT", CHUNK];
  }

  take(reply: Reply): void {
    if (this.#phase === "size") {
      // Seen twice: a digest that equals nothing, so that the key is looked at again.
      if (Number(reply) !== this.digest.count) this.#note = `unsettled ${process.hrtime.bigint()}`;
      this.#phase = "done";
      return;
    }
    const [cursor, elements] = reply as [Buffer, Buffer[]];
    this.cursor = cursor.toString();
    this.takeElements(elements);
    const inOneGo = this.#phase === "first" && this.cursor === "0";
    if (inOneGo) this.#phase = "done";
    else this.#phase = this.cursor === "0" ? "size" : "more";
  }

  value(): string {
    return this.digest.value() + this.#note;
  }

  protected takeElements(elements: Buffer[]): void {
    const step = this.#pairs ? 2 : 1;
    for (let i = 0; i + step <= elements.length; i += step) this.digest.add(...elements.slice(i, i + step));
  }
}

/** What HPEXPIRETIME says of a field that lasts for ever. */
const NEVER = -1;

/** A hash with the expiry of each field: after each chunk, the expiries of its fields. */
class HashExpiryDigester extends ScanDigester {
  readonly #key: Buffer;
  readonly #expiry: "read" | "never";
  #elements: Buffer[] = [];

  constructor(key: Buffer, expiry: "read" | "never") {
    super(["HSCAN", key], ["HLEN", key], true);
    this.#key = key;
    this.#expiry = expiry;
  }

  override next(): Command | undefined {
    if (this.#elements.length === 0) return super.next();
    const fields = this.#elements.filter((_, i) => i % 2 === 0);
    return ["HPEXPIRETIME", this.#key, "FIELDS", fields.length, ...fields];
  }

  override take(reply: Reply): void {
    if (this.#elements.length === 0) {
      super.take(reply);
      return;
    }
    this.#add(this.#elements, Array.isArray(reply) ? reply : []);
    this.#elements = [];
  }

  protected override takeElements(elements: Buffer[]): void {
    if (this.#expiry === "read") this.#elements = elements;
    else this.#add(elements, []);
  }

  #add(elements: Buffer[], expiries: Reply[]): void {
    for (let i = 0; i + 1 < elements.length; i += 2) {
      const expiry = expiries[i / 2] ?? NEVER;
      this.digest.add(...elements.slice(i, i + 2), Buffer.from(String(Number(expiry))));
    }
  }
}

/** Reads what is left of a value, one command at a time. */
export async function readOn(
  reader: DatasetReader,
  database: number,
  digester: ValueDigester,
): Promise<string> {
  for (let command = digester.next(); command !== undefined; command = digester.next()) {
    digester.take(await reader.read(database, ...command));
  }
  return digester.value();
}

/** A value of an unknown type: its DUMP, without the two bytes of the RDB version and the checksum after them. */
export async function dumpDigest(reader: DatasetReader, database: number, key: Buffer): Promise<string> {
  const payload = (await reader.read(database, "DUMP", key)) as Buffer | null;
  return payload === null ? "" : digestOf([payload.subarray(0, -10)]).toString("latin1");
}
