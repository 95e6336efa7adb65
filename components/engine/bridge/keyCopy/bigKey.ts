import type { Word } from "../encode.ts";
import type { Abilities } from "../translations/abilities.ts";
import { pagesOf, PART, scanPages } from "./keyPages.ts";
import { READERS } from "./keyImage.ts";
import type { KeyAt, KeyReader, KeySize } from "./keyReader.ts";
import { expiryCommands, fieldExpiryCommands, listOf, pairsOf, partCommands } from "./keyWriter.ts";
import { StreamWriter } from "./streamWriter.ts";

const STRING_BYTES = 4 * 1024 * 1024;
/** So many entries may be delivered to a group of a stream while it is asked how many it waits for. */
const MORE_PENDING = 1_000;

/** Types that are lists to whoever reads them. */
const LISTS: ReadonlySet<string> = new Set(["list", "set", "zset", "hash", "stream"]);

/** Commands that add a part to what the parts before it made; the key is not there before the first one. */
export type KeyPart = (target: Abilities) => Iterable<Word[]>;

/** Takes the parts of a key, one after the other. */
export type TakePart = (part: KeyPart) => Promise<void>;

/** What is known of a large key once every part of it was given. */
export interface KeyEnd {
  /** Where the first and the last part were read: they are what the key was where nobody wrote to it in between. */
  first: number;
  last: number;
  /** A field of the hash expires. */
  fieldsExpire: boolean;
}

/** What parts are read with. */
export type PartReader = Pick<KeyReader, "at" | "ofKey" | "fieldExpiries" | "inParts">;

/** Whether a key is to be read in parts. */
export function isLarge({ type, size, bytes }: KeySize): boolean {
  if (type === "string") return size > STRING_BYTES;
  return LISTS.has(type) && (size > PART.elements || bytes > PART.bytes);
}

/**
 * Reads a large key in parts, each at a moment of its own, without holding up the source.
 * @returns undefined where it is gone, or was something else meanwhile
 */
export async function readParts(
  reader: PartReader,
  size: KeySize,
  take: TakePart,
): Promise<KeyEnd | undefined> {
  const { key, type } = size;
  if (type === "string") return readString(reader, key, take);
  const stream = type === "stream" ? await streamAt(reader, key) : undefined;
  let first = stream?.offset;
  for await (const { offset, elements } of pagesOf(reader, size)) {
    first ??= offset;
    await take(
      (target) => stream?.writer.entries(elements) ?? partCommands({ key, type, value: elements }, target),
    );
  }
  const at = await reader.ofKey(key);
  if (first === undefined || at.type !== type || stream?.isWhole === false) return undefined;
  const { fieldsExpire, last } = await takeEnd(reader, size, at, take, stream?.writer);
  return { first, last: Math.max(last, at.offset), fieldsExpire };
}

/** Whether a key of this type can be read at one moment without being held as a whole. */
export function canBeReadAtOnce({ type }: KeySize): boolean {
  return LISTS.has(type);
}

/**
 * Reads a large key in parts that are all of one moment, which holds up the source for the key's size. Which fields
 * expire is of a later moment: where that makes a difference, the command that made it comes behind and says the same again.
 * @returns undefined where it is gone, or was something else meanwhile
 */
export async function readAtOnce(
  reader: PartReader,
  size: KeySize,
  take: TakePart,
): Promise<KeyEnd | undefined> {
  const { key, type } = size;
  const pending = type === "stream" ? await pendingAtMost(reader, key) : 0;
  const commands =
    type === "stream"
      ? [askGroups(key, pending), ["XRANGE", key, "-", "+"]]
      : [READERS.get(type)?.(key) ?? ["DUMP", key]];
  let writer: StreamWriter | undefined;
  const at = await reader.inParts(key, commands, PART, async (value, [full]) => {
    if (type === "stream") writer ??= new StreamWriter(key, full ?? null);
    await take((target) => writer?.entries(value) ?? partCommands({ key, type, value }, target));
  });
  if (at.type !== type) return undefined;
  if (type === "stream") writer ??= new StreamWriter(key, at.replies[0] ?? null);
  if (writer !== undefined && writer.mostPending > pending) return undefined;
  const { fieldsExpire } = await takeEnd(reader, size, at, take, writer);
  return { first: at.offset, last: at.offset, fieldsExpire };
}

/** What comes behind the elements. */
async function takeEnd(
  reader: PartReader,
  size: KeySize,
  { expiresAt, fieldExpiries }: KeyAt,
  take: TakePart,
  writer: StreamWriter | undefined,
): Promise<Pick<KeyEnd, "fieldsExpire" | "last">> {
  const { key, type } = size;
  if (writer !== undefined) await take((target) => writer.end(target));
  let [fieldsExpire, last] = [false, 0];
  if (type === "hash" && fieldExpiries) {
    for await (const { elements } of scanPages(reader, size, "NOVALUES")) {
      if (elements.length === 0) continue;
      const { offset, found } = await reader.fieldExpiries(key, elements as Buffer[]);
      last = offset;
      if (found.length === 0) continue;
      fieldsExpire = true;
      await take((target) => fieldExpiryCommands(key, found, target));
    }
  }
  await take(() => expiryCommands(key, expiresAt));
  return { fieldsExpire, last };
}

/** To where the key ends: it may have grown since somebody asked for its size. */
async function readString(reader: PartReader, key: Buffer, take: TakePart): Promise<KeyEnd | undefined> {
  let first: number | undefined;
  for (let from = 0, length = STRING_BYTES; length === STRING_BYTES; from += STRING_BYTES) {
    const { offset, replies } = await reader.at([["GETRANGE", key, from, from + STRING_BYTES - 1]]);
    const [bytes] = replies;
    if (!(bytes instanceof Buffer)) return undefined;
    length = bytes.length;
    first ??= offset;
    await take(() => [[from === 0 ? "SET" : "APPEND", key, bytes]]);
  }
  const { type, offset, expiresAt } = await reader.ofKey(key);
  if (first === undefined || type !== "string") return undefined;
  await take(() => expiryCommands(key, expiresAt));
  return { first, last: offset, fieldsExpire: false };
}

/** What a stream has beside its entries. */
async function streamAt(
  reader: PartReader,
  key: Buffer,
): Promise<{ offset: number; writer: StreamWriter; isWhole: boolean }> {
  const pending = await pendingAtMost(reader, key);
  const { offset, replies } = await reader.at([askGroups(key, pending)]);
  const writer = new StreamWriter(key, replies[0] ?? null);
  return { offset, writer, isWhole: writer.mostPending <= pending };
}

/** More entries than any group of a stream waits for. */
async function pendingAtMost(reader: PartReader, key: Buffer): Promise<number> {
  const { replies } = await reader.at([["XINFO", "GROUPS", key]]);
  const pending = listOf(replies[0]).map((group) => Number(pairsOf(group).get("pending")) || 0);
  return Math.max(0, ...pending) + MORE_PENDING;
}

/** @param pending so many of each group are told, and so many of the stream's entries */
function askGroups(key: Buffer, pending: number): Word[] {
  return ["XINFO", "STREAM", key, "FULL", "COUNT", pending];
}
