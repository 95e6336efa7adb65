import type { Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import type { Abilities } from "../translations/abilities.ts";
import type { KeyReader, KeySize } from "./keyReader.ts";
import { partCommands } from "./keyWriter.ts";

/** Elements read at a time, or bytes of a string. */
const CHUNK = 2_000;
const STRING_CHUNK = 4 * 1024 * 1024;

/** A part of a large key, and the offset at which it was read. */
export interface KeyPart {
  offset: number;
  /** Commands that add the part to what the parts before it made; the key is not there before the first one. */
  commands: (target: Abilities) => Iterable<Word[]>;
}

/** Reads at one offset. */
export type PartReader = Pick<KeyReader, "at">;

/** Types that can be read in parts; streams and others are read in one go, whatever their size. */
export function canBeSplit({ type, size }: KeySize): boolean {
  if (type === "string") return size > STRING_CHUNK;
  return ["list", "set", "zset", "hash"].includes(type) && size > CHUNK;
}

/**
 * Reads a large key in parts. They make the key as it was only where nobody wrote to it between first and last, and it
 * has the same type still.
 */
export async function* readParts(reader: PartReader, { key, type }: KeySize): AsyncGenerator<KeyPart> {
  if (type === "string") yield* stringParts(reader, key);
  else if (type === "list") yield* listParts(reader, key);
  else yield* scannedParts(reader, key, type);
}

/** To where the key ends now: it may have grown since somebody asked for its size. */
async function* stringParts(reader: PartReader, key: Buffer): AsyncGenerator<KeyPart> {
  for (let from = 0; ; from += STRING_CHUNK) {
    const { offset, replies } = await reader.at([["GETRANGE", key, from, from + STRING_CHUNK - 1]]);
    const [bytes] = replies;
    if (!(bytes instanceof Buffer)) return;
    yield { offset, commands: () => [[from === 0 ? "SET" : "APPEND", key, bytes]] };
    if (bytes.length < STRING_CHUNK) return;
  }
}

async function* listParts(reader: PartReader, key: Buffer): AsyncGenerator<KeyPart> {
  for (let from = 0; ; from += CHUNK) {
    const { offset, replies } = await reader.at([["LRANGE", key, from, from + CHUNK - 1]]);
    const [value] = replies;
    if (!Array.isArray(value)) return;
    yield { offset, commands: (target) => partCommands({ key, type: "list", value }, target) };
    if (value.length < CHUNK) return;
  }
}

async function* scannedParts(reader: PartReader, key: Buffer, type: string): AsyncGenerator<KeyPart> {
  const scan = { set: "SSCAN", zset: "ZSCAN", hash: "HSCAN" }[type] ?? "SSCAN";
  let cursor = "0";
  do {
    const { offset, replies } = await reader.at([[scan, key, cursor, "COUNT", CHUNK]]);
    const [reply] = replies;
    if (!Array.isArray(reply)) return;
    const [next, value] = reply as [Buffer, Reply];
    cursor = next.toString();
    yield { offset, commands: (target) => partCommands({ key, type, value }, target) };
  } while (cursor !== "0");
}
