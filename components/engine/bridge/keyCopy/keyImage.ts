import type { Reply } from "../../verification/replyParser.ts";

/** A field of a hash, and when it expires: milliseconds since 1970. */
export type FieldExpiry = readonly [field: Buffer, at: number];

/** What a key held at one offset of the source. */
export interface KeyImage {
  key: Buffer;
  /** As TYPE says it; `none` where there is no such key. */
  type: string;
  /** The reply of the command that reads this type. */
  value: Reply;
  /** Milliseconds since 1970; absent: never. */
  expiresAt?: number;
  /** Of hashes: the fields that expire. */
  fieldExpiries?: FieldExpiry[];
}

/** How a key of the source is read in one go, by its type; absent: only DUMP can. */
export const READERS: ReadonlyMap<string, (key: Buffer) => (string | number | Buffer)[]> = new Map([
  ["string", (key: Buffer) => ["GET", key]],
  ["list", (key: Buffer) => ["LRANGE", key, 0, -1]],
  ["set", (key: Buffer) => ["SMEMBERS", key]],
  ["zset", (key: Buffer) => ["ZRANGE", key, 0, -1, "WITHSCORES"]],
  ["hash", (key: Buffer) => ["HGETALL", key]],
  ["stream", (key: Buffer) => ["XINFO", "STREAM", key, "FULL", "COUNT", 0]],
]);

/** The command that tells how large a key of a type is: bytes of a string, else elements. */
export const SIZES: ReadonlyMap<string, string> = new Map([
  ["string", "STRLEN"],
  ["list", "LLEN"],
  ["set", "SCARD"],
  ["zset", "ZCARD"],
  ["hash", "HLEN"],
  ["stream", "XLEN"],
]);
