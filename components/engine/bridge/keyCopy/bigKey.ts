import type { Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import type { KeyImage } from "./keyImage.ts";
import type { KeyReader, KeySize } from "./keyReader.ts";

/** Elements read at a time, or bytes of a string. */
const CHUNK = 2_000;
const STRING_CHUNK = 4 * 1024 * 1024;

/** A part of a large key, and the offset at which it was read. */
export interface KeyPart {
  offset: number;
  /** Commands that add the part on the target; the key is made by the first one. */
  image: KeyImage;
  /** For strings: where the part belongs. */
  append: boolean;
}

/** Types that can be read in parts; streams and others are read in one go, whatever their size. */
export function canBeSplit({ type, size }: KeySize): boolean {
  if (type === "string") return size > STRING_CHUNK;
  return ["list", "set", "zset", "hash"].includes(type) && size > CHUNK;
}

/** Reads a large key in parts. They make the key as it was only where nobody wrote to it between first and last. */
export async function* readParts(reader: KeyReader, { key, type, size }: KeySize): AsyncGenerator<KeyPart> {
  if (type === "list" || type === "string") {
    const chunk = type === "list" ? CHUNK : STRING_CHUNK;
    for (let from = 0; from < size; from += chunk) {
      const read = type === "list" ? "LRANGE" : "GETRANGE";
      const { offset, replies } = await reader.at([[read, key, from, from + chunk - 1]]);
      yield { offset, image: { key, type, value: replies[0] ?? null }, append: from > 0 };
    }
    return;
  }
  const scan = { set: "SSCAN", zset: "ZSCAN", hash: "HSCAN" }[type] ?? "SSCAN";
  let cursor: Word = "0";
  do {
    const { offset, replies } = await reader.at([[scan, key, cursor, "COUNT", CHUNK]]);
    const [next, items] = replies[0] as [Buffer, Reply];
    cursor = next.toString();
    yield { offset, image: { key, type, value: items }, append: true };
  } while (cursor !== "0");
}
