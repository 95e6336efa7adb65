import type { Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import type { PartSize } from "../plainClient.ts";
import type { KeyReader, KeySize } from "./keyReader.ts";
import { listOf } from "./keyWriter.ts";
import { nextId } from "./streamWriter.ts";

/** What the bridge holds of a key at a time, about: whichever is reached first. */
export const PART: PartSize = { elements: 2_000, bytes: 1024 * 1024 };

/** What pages are read with. */
export type PageReader = Pick<KeyReader, "at">;

/** Elements that were read, and at which offset. */
export interface Page {
  offset: number;
  elements: Reply[];
}

/** Reads the elements of a key page by page, each at a moment of its own. */
export function pagesOf(reader: PageReader, size: KeySize): AsyncGenerator<Page> {
  switch (size.type) {
    case "list":
      return listPages(reader, size);
    case "stream":
      return streamPages(reader, size);
    default:
      return scanPages(reader, size);
  }
}

async function* listPages(reader: PageReader, size: KeySize): AsyncGenerator<Page> {
  const count = elementsAtOnce(size);
  for (let from = 0; ; from += count) {
    const page = await pageOf(reader, ["LRANGE", size.key, from, from + count - 1]);
    yield page;
    if (page.elements.length < count) return;
  }
}

async function* streamPages(reader: PageReader, size: KeySize): AsyncGenerator<Page> {
  const count = elementsAtOnce(size);
  for (let from: string | undefined = "-"; from !== undefined;) {
    const page = await pageOf(reader, ["XRANGE", size.key, from, "+", "COUNT", count]);
    yield page;
    const lastEntry = page.elements.at(-1);
    if (page.elements.length < count || !Array.isArray(lastEntry)) return;
    from = nextId(lastEntry[0] as Buffer);
  }
}

const SCANS: ReadonlyMap<string, string> = new Map([
  ["set", "SSCAN"],
  ["zset", "ZSCAN"],
  ["hash", "HSCAN"],
]);

/** Pages of a set, a sorted set or a hash. @param options of the scanning command */
export async function* scanPages(
  reader: PageReader,
  size: KeySize,
  ...options: Word[]
): AsyncGenerator<Page> {
  const [scan, count] = [SCANS.get(size.type) ?? "SSCAN", elementsAtOnce(size)];
  let cursor = "0";
  do {
    const page = await pageOf(reader, [scan, size.key, cursor, "COUNT", count, ...options]);
    const [next, elements] = page.elements;
    if (!(next instanceof Buffer) || !Array.isArray(elements)) return;
    yield { offset: page.offset, elements };
    cursor = next.toString();
  } while (cursor !== "0");
}

async function pageOf(reader: PageReader, command: Word[]): Promise<Page> {
  const { offset, replies } = await reader.at([command]);
  return { offset, elements: listOf(replies[0]) };
}

function elementsAtOnce({ size, bytes }: KeySize): number {
  const fitting = Math.floor((PART.bytes * size) / Math.max(1, bytes));
  return Math.min(PART.elements, Math.max(1, fitting));
}
