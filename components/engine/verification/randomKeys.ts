import type { Command } from "./bulkConnection.ts";
import type { DatasetReader } from "./datasetReader.ts";
import { keyCount } from "../keyspace.ts";

/**
 * About so many keys chosen at random, spread over the databases by their sizes, none twice; every key where there
 * are no more than that.
 */
export async function randomKeys(reader: DatasetReader, count: number): Promise<Map<number, Buffer[]>> {
  const keyspace = await reader.keyspace();
  const total = keyCount(keyspace);
  const chosen = new Map<number, Buffer[]>();
  for (const [database, size] of keyspace) {
    const share = Math.ceil((count * size) / Math.max(1, total));
    const keys = share >= size ? await everyKey(reader, database) : await someKeys(reader, database, share);
    if (keys.length > 0) chosen.set(database, keys);
  }
  return chosen;
}

async function everyKey(reader: DatasetReader, database: number): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const keys of reader.scan(database)) all.push(...keys);
  return withoutRepeats(all);
}

async function someKeys(reader: DatasetReader, database: number, count: number): Promise<Buffer[]> {
  const commands = Array.from({ length: count }, (): Command => ["RANDOMKEY"]);
  const replies = await reader.batch(database, commands);
  return withoutRepeats(replies.filter((reply): reply is Buffer => reply instanceof Buffer));
}

function withoutRepeats(keys: Buffer[]): Buffer[] {
  return [...new Map(keys.map((key) => [key.toString("latin1"), key])).values()];
}
