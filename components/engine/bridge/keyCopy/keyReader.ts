import { infoNumber, parseInfo, parsePairs } from "../../infoReply.ts";
import { atLeast, type ServerVersion } from "../../serverVersion.ts";
import { ReplyError, type Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import { LinkError, type PartSize, type PlainClient } from "../plainClient.ts";
import { READERS, SIZES, type FieldExpiry, type KeyImage } from "./keyImage.ts";

/** What is known of a key before it is read. */
export interface KeySize {
  key: Buffer;
  type: string;
  /** Bytes of a string, else elements. */
  size: number;
  /** About how many bytes it takes. */
  bytes: number;
}

/** Keys as they were at one offset; undefined: the key changed its type meanwhile, look again. */
export interface Reading {
  offset: number;
  images: (KeyImage | undefined)[];
}

/** What commands of one transaction answered, and at which offset. */
export interface At {
  offset: number;
  replies: Reply[];
  /** Milliseconds since 1970, by the source's clock. */
  now: number;
  /** Fields of hashes of this database expire. */
  fieldExpiries: boolean;
}

/** The same, with what a key is. */
export interface KeyAt extends At {
  type: string;
  /** Milliseconds since 1970; undefined: never. */
  expiresAt: number | undefined;
}

/** Reads keys of the source, each at an exact offset. Its connection is used by nobody else. */
export class KeyReader {
  readonly #client: Pick<PlainClient, "batch" | "call" | "listInParts">;
  readonly #knowsExpiryTime: boolean;
  readonly #knowsFieldExpiry: boolean;
  #database = 0;

  constructor(
    client: Pick<PlainClient, "batch" | "call" | "listInParts">,
    { product, version }: ServerVersion,
  ) {
    this.#client = client;
    this.#knowsExpiryTime = atLeast(version, "7.0");
    this.#knowsFieldExpiry = atLeast(version, product === "valkey" ? "9.0" : "7.4");
  }

  async select(database: number): Promise<void> {
    if (database === this.#database) return;
    await this.#client.call("SELECT", database);
    this.#database = database;
  }

  /** Types and sizes, at no exact offset. */
  async sizes(keys: readonly Buffer[]): Promise<KeySize[]> {
    const types = (await this.#client.batch(keys.map((key) => ["TYPE", key]))).map(String);
    const sized = keys.map((key, i) => ({ key, type: types[i] ?? "none", name: SIZES.get(types[i] ?? "") }));
    const replies = await this.#client.batch(
      sized.flatMap(({ key, type, name }) => [
        name === undefined ? ["EXISTS", key] : [name, key],
        type === "string" ? ["STRLEN", key] : ["MEMORY", "USAGE", key],
      ]),
    );
    return sized.map(({ key, type, name }, i) => ({
      key,
      type,
      size: name === undefined ? 0 : Number(replies[2 * i]) || 0,
      bytes: Number(replies[2 * i + 1]) || 0,
    }));
  }

  /** Reads keys in one transaction. */
  async read(keys: readonly KeySize[]): Promise<Reading> {
    const names = await this.#fieldNames(keys);
    const commands: Word[][] = [];
    for (const { key, type } of keys) {
      const read = READERS.get(type)?.(key) ?? ["DUMP", key];
      commands.push(type === "none" ? ["EXISTS", key] : read, this.#askExpiry(key), ["TYPE", key]);
      const fields = names.get(key) ?? [];
      if (fields.length > 0) commands.push(["HPEXPIRETIME", key, "FIELDS", fields.length, ...fields]);
    }
    const { offset, replies, now, fieldExpiries } = await this.at(commands);
    let next = 0;
    const images: (KeyImage | undefined)[] = [];
    for (const { key, type } of keys) {
      const [value, expiry, typeNow] = [replies[next++], replies[next++], replies[next++]];
      const fields = names.get(key) ?? [];
      const expiries = fields.length > 0 ? replies[next++] : undefined;
      if (value instanceof ReplyError || value === undefined || String(typeNow) !== type) {
        images.push(undefined);
        continue;
      }
      const image: KeyImage = { key, type, value };
      const expiresAt = this.#expiryIn(expiry, now);
      if (expiresAt !== undefined) image.expiresAt = expiresAt;
      const expiring = expiriesIn(expiries, fields);
      if (type === "hash" && fieldExpiries) expiring.push(...(await this.#expiriesOfNew(image, fields)));
      if (expiring.length > 0) image.fieldExpiries = expiring;
      images.push(image);
    }
    return { offset, images };
  }

  /**
   * Expiries of the fields that came to be after their names were asked for. They are of a later moment than the rest; where
   * that makes a difference, the command that made it comes behind the reading and says the same again.
   */
  async #expiriesOfNew({ key, value }: KeyImage, known: readonly Buffer[]): Promise<FieldExpiry[]> {
    const asked = new Set(known.map((field) => field.toString("latin1")));
    const items = Array.isArray(value) ? (value as Buffer[]) : [];
    const added = items.filter((item, i) => i % 2 === 0 && !asked.has(item.toString("latin1")));
    if (added.length === 0) return [];
    const [reply] = await this.#client.batch([["HPEXPIRETIME", key, "FIELDS", added.length, ...added]]);
    return expiriesIn(reply, added);
  }

  /** Of fields of a hash: those that expire. */
  async fieldExpiries(
    key: Buffer,
    fields: readonly Buffer[],
  ): Promise<{ offset: number; found: FieldExpiry[] }> {
    const { offset, replies } = await this.at([["HPEXPIRETIME", key, "FIELDS", fields.length, ...fields]]);
    return { offset, found: expiriesIn(replies[0], fields) };
  }

  /** Runs reading commands in one transaction, and tells at which offset. */
  async at(commands: readonly Word[][]): Promise<At> {
    return this.#atOf((await this.#client.batch(transactionOf(commands))).at(-1));
  }

  /** What a key is. */
  async ofKey(key: Buffer): Promise<KeyAt> {
    return this.#keyAtOf(await this.at(this.#askOf(key)));
  }

  /**
   * As `at`, with what a key is, and the elements of the list that the last command answers as they come.
   * @param take is given each part, with what the commands before answered
   * @returns the rest; the list in it is empty
   */
  async inParts(
    key: Buffer,
    commands: readonly Word[][],
    size: PartSize,
    take: (elements: Reply[], before: readonly Reply[]) => Promise<void>,
  ): Promise<KeyAt> {
    const asked = this.#askOf(key);
    const list = asked.length + commands.length - 1;
    const made = this.#client.listInParts(transactionOf([...asked, ...commands]), list, size);
    for await (const elements of made.parts) await take(elements as Reply[], made.before.slice(asked.length));
    return this.#keyAtOf(this.#atOf(await made.reply));
  }

  #atOf(replies: Reply | undefined): At {
    if (!Array.isArray(replies)) {
      throw new LinkError(
        replies instanceof ReplyError ? replies.message : "the source gave up a transaction",
      );
    }
    const [time, keyspace, replication] = replies.slice(-3);
    const [seconds, micros] = time as [Buffer, Buffer];
    return {
      offset: infoNumber(parseInfo(String(replication)), "master_repl_offset"),
      replies,
      now: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000),
      fieldExpiries: this.#knowsFieldExpiry && anyFieldExpires(String(keyspace), this.#database),
    };
  }

  #askOf(key: Buffer): Word[][] {
    return [["TYPE", key], this.#askExpiry(key)];
  }

  #keyAtOf({ replies: [type, moment, ...replies], ...at }: At): KeyAt {
    return { ...at, replies, type: String(type), expiresAt: this.#expiryIn(moment, at.now) };
  }

  #askExpiry(key: Buffer): Word[] {
    return [this.#knowsExpiryTime ? "PEXPIRETIME" : "PTTL", key];
  }

  /** Milliseconds since 1970; undefined: never, or there is no such key. */
  #expiryIn(reply: Reply | undefined, now: number): number | undefined {
    const moment = Number(reply);
    if (!(moment >= 0)) return undefined;
    return this.#knowsExpiryTime ? moment : moment + now;
  }

  /** Names of fields, where fields of this database expire. */
  async #fieldNames(keys: readonly KeySize[]): Promise<Map<Buffer, Buffer[]>> {
    const names = new Map<Buffer, Buffer[]>();
    const hashes = keys.filter(({ type }) => type === "hash");
    if (!this.#knowsFieldExpiry || hashes.length === 0) return names;
    if (!anyFieldExpires(String(await this.#client.call("INFO", "keyspace")), this.#database)) return names;
    const replies = await this.#client.batch(hashes.map(({ key }) => ["HKEYS", key]));
    for (const [i, { key }] of hashes.entries()) {
      const fields = replies[i];
      if (Array.isArray(fields)) names.set(key, fields as Buffer[]);
    }
    return names;
  }
}

function transactionOf(commands: readonly Word[][]): Word[][] {
  return [["MULTI"], ...commands, ["TIME"], ["INFO", "keyspace"], ["INFO", "replication"], ["EXEC"]];
}

/** Of the answer to HPEXPIRETIME: what doesn't expire, or isn't there any more, is left out. */
function expiriesIn(reply: Reply | undefined, fields: readonly Buffer[]): FieldExpiry[] {
  if (!Array.isArray(reply)) return [];
  return fields.map((field, i): FieldExpiry => [field, Number(reply[i])]).filter(([, at]) => at >= 0);
}

function anyFieldExpires(keyspace: string, database: number): boolean {
  const figures = parsePairs(parseInfo(keyspace).get(`db${database}`) ?? "");
  return infoNumber(figures, "subexpiry") + infoNumber(figures, "keys_with_volatile_items") > 0;
}
