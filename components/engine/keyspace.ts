import { parsePairs, type InfoFields } from "./infoReply.ts";

/** Keys per database number, as INFO keyspace has them. */
export type Keyspace = ReadonlyMap<number, number>;

/** Reads the `keyspace` section of INFO. */
export function keyspaceOf(fields: InfoFields): Keyspace {
  const keyspace = new Map<number, number>();
  for (const [name, value] of fields) {
    const database = /^db(\d+)$/.exec(name)?.[1];
    if (database !== undefined) keyspace.set(Number(database), Number(parsePairs(value).get("keys") ?? 0));
  }
  return keyspace;
}

/** Keys in all databases together. */
export function keyCount(keyspace: Keyspace): number {
  return [...keyspace.values()].reduce((sum, keys) => sum + keys, 0);
}
