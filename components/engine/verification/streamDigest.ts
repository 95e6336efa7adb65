import type { DatasetReader } from "./datasetReader.ts";
import type { Reply } from "./replyParser.ts";
import { OrderedDigest } from "./orderFreeDigest.ts";

const CHUNK = 1_000;

/**
 * Entries, last ID, and for each consumer group its position and who owns which pending entry. Left out, because
 * they differ between a master and its own replica: idle times, delivery counts (a consumer's reading of its history
 * raises them on the master only), consumers that own nothing, and the counters that exist from 7.0 on.
 */
export async function streamDigest(reader: DatasetReader, database: number, key: Buffer): Promise<string> {
  const info = fieldsOf(await reader.read(database, "XINFO", "STREAM", key));
  const entries = await pagesOf(reader, database, (from) => ["XRANGE", key, from, "+", "COUNT", CHUNK]);
  const groups = (await reader.read(database, "XINFO", "GROUPS", key)) as Reply[];
  const parts = [`last ${textOf(info.get("last-generated-id"))}`, `entries ${entries}`];
  for (const group of groups.map(fieldsOf)) {
    const name = group.get("name") as Buffer;
    const pending = await pagesOf(
      reader,
      database,
      (from) => ["XPENDING", key, name, from, "+", CHUNK],
      ownership,
    );
    const position = textOf(group.get("last-delivered-id"));
    parts.push(`group ${name.toString("latin1")} at ${position} pending ${pending}`);
  }
  return parts.join("\n");
}

/** Of a line of XPENDING, the entry and its owner. */
function ownership([id, consumer]: Reply[]): Buffer[] {
  return [id as Buffer, consumer as Buffer];
}

/** Reads page by page, each from the entry after the last one. */
async function pagesOf(
  reader: DatasetReader,
  database: number,
  page: (from: string) => [string, ...(string | number | Buffer)[]],
  pick: (item: Reply[]) => Buffer[] = flatten,
): Promise<string> {
  const digest = new OrderedDigest();
  for (let from = "-"; ;) {
    const items = (await reader.read(database, ...page(from))) as Reply[][];
    for (const item of items) digest.add(...pick(item));
    const last = items.at(-1)?.[0];
    if (items.length < CHUNK || last === undefined) return digest.value();
    from = idAfter(textOf(last));
  }
}

/** The smallest ID after this one; `(id` is understood from 6.2 on only. */
export function idAfter(id: string): string {
  const [time = "0", sequence = "0"] = id.split("-");
  const next = BigInt(sequence) + 1n;
  return next < 2n ** 64n ? `${time}-${next}` : `${BigInt(time) + 1n}-0`;
}

function flatten(item: Reply[]): Buffer[] {
  return item.flatMap((part) =>
    Array.isArray(part) ? flatten(part) : [Buffer.from(textOf(part), "latin1")],
  );
}

/** Reads the `name, value, name, value` form of XINFO. */
function fieldsOf(reply: Reply): ReadonlyMap<string, Reply> {
  const fields = new Map<string, Reply>();
  const items = Array.isArray(reply) ? reply : [];
  for (let i = 0; i + 1 < items.length; i += 2) fields.set(textOf(items[i]), items[i + 1] ?? null);
  return fields;
}

function textOf(reply: Reply | undefined): string {
  if (reply instanceof Buffer) return reply.toString("latin1");
  return typeof reply === "number" ? String(reply) : "";
}
