import type { Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import type { Abilities } from "../translations/abilities.ts";
import type { FieldExpiry, KeyImage } from "./keyImage.ts";
import { streamCommands } from "./streamWriter.ts";

/** Words in one command that makes a part of a collection. */
const WORDS_AT_ONCE = 256;

/** Commands that make a key on the target what the image says; the key is not there before. */
export function* writeCommands(image: KeyImage, target: Abilities): Generator<Word[]> {
  yield* partCommands(image, target);
  yield* endCommands(image, target);
}

/** Commands that add elements. */
export function* partCommands(
  { key, type, value }: Pick<KeyImage, "key" | "type" | "value">,
  target: Abilities,
): Generator<Word[]> {
  const items = listOf(value) as Buffer[];
  if (type === "string") yield ["SET", key, value as Buffer];
  else if (type === "list") yield* inParts(["RPUSH", key], items);
  else if (type === "set") yield* inParts(["SADD", key], items);
  else if (type === "hash") yield* inParts(["HSET", key], items);
  else if (type === "zset") yield* inParts(["ZADD", key], swapped(items));
  else if (type === "stream") yield* streamCommands(key, value, target);
  else if (type !== "none") yield ["RESTORE", key, 0, value as Buffer];
}

function* endCommands(
  { key, expiresAt, fieldExpiries = [] }: KeyImage,
  target: Abilities,
): Generator<Word[]> {
  yield* fieldExpiryCommands(key, fieldExpiries, target);
  yield* expiryCommands(key, expiresAt);
}

/** Commands for fields of a hash that expire. */
export function* fieldExpiryCommands(
  key: Buffer,
  expiries: readonly FieldExpiry[],
  target: Abilities,
): Generator<Word[]> {
  if (!target.fieldExpiry) return;
  for (const [field, at] of expiries) yield ["HPEXPIREAT", key, at, "FIELDS", 1, field];
}

/** Commands for a key that expires. @param expiresAt milliseconds since 1970; undefined: never */
export function* expiryCommands(key: Buffer, expiresAt: number | undefined): Generator<Word[]> {
  if (expiresAt !== undefined) yield ["PEXPIREAT", key, expiresAt];
}

function* inParts(head: Word[], items: Buffer[]): Generator<Word[]> {
  for (let i = 0; i < items.length; i += WORDS_AT_ONCE) yield [...head, ...items.slice(i, i + WORDS_AT_ONCE)];
}

/** Member and score as ZRANGE gives them, score and member as ZADD wants them. */
function swapped(items: Buffer[]): Buffer[] {
  return items.map((_, i) => items[i % 2 === 0 ? i + 1 : i - 1] ?? Buffer.alloc(0));
}

/** Reads `name, value, name, value`. */
export function pairsOf(reply: Reply | undefined): Map<string, Reply> {
  const pairs = new Map<string, Reply>();
  const items = listOf(reply);
  for (let i = 0; i + 1 < items.length; i += 2) pairs.set(String(items[i]), items[i + 1] ?? null);
  return pairs;
}

/** The elements of a list; none where it is something else, such as an error. */
export function listOf(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}
