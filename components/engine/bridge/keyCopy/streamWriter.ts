import type { Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import type { Abilities } from "../translations/abilities.ts";
import { pairsOf } from "./keyWriter.ts";

/** A group that only makes the stream come to be, also where it has no entries. */
const MAKER = "redis-bluegreen";

type Entry = [id: Buffer, values: Buffer[]];
type Group = Map<string, Reply>;
/** Of a group: when it was delivered in milliseconds of the server's clock, and how often. */
type Pending = [id: Buffer, consumer: Buffer, time: number, count: number];

/** Commands that make a stream what `XINFO STREAM … FULL` says: entries, last ID, groups, consumers, pending entries. */
export function* streamCommands(key: Buffer, full: Reply, target: Abilities): Generator<Word[]> {
  const fields = pairsOf(full);
  const entries = listOf(fields.get("entries")) as Entry[];
  const groups = listOf(fields.get("groups")).map((group) => pairsOf(group));
  const gone = goneFrom(entries, groups);
  yield ["XGROUP", "CREATE", key, MAKER, "$", "MKSTREAM"];
  yield ["XGROUP", "DESTROY", key, MAKER];
  for (const [id, values] of withStandIns(entries, gone)) yield ["XADD", key, id, ...values];
  if (gone.length === 0) yield setId(key, fields, target);
  for (const group of groups) yield* groupCommands(key, group, target);
  if (gone.length === 0) return;
  yield ["XDEL", key, ...gone];
  yield setId(key, fields, target);
  for (const group of groups) yield ["XGROUP", "SETID", key, ...placeOf(group, target)];
}

/**
 * Pending entries that were trimmed or deleted since. XCLAIM makes none of what is not there (measured with 6.0.16, 7.0.15,
 * 8.0.2), so they have to be there for a moment.
 */
function goneFrom(entries: readonly Entry[], groups: readonly Group[]): Buffer[] {
  const there = new Set(entries.map(([id]) => String(id)));
  const gone = new Map<string, Buffer>();
  for (const [id] of groups.flatMap(pendingOf)) if (!there.has(String(id))) gone.set(String(id), id);
  return [...gone.values()];
}

/** In the order in which XADD takes them. */
function withStandIns(entries: Entry[], gone: readonly Buffer[]): Entry[] {
  if (gone.length === 0) return entries;
  const standIn = [Buffer.from(MAKER), Buffer.from("gone")];
  return [...entries, ...gone.map((id): Entry => [id, standIn])].sort(([a], [b]) => compareIds(a, b));
}

function compareIds(a: Buffer, b: Buffer): number {
  const [[ms = 0n, seq = 0n], [otherMs = 0n, otherSeq = 0n]] = [partsOf(a), partsOf(b)];
  const difference = ms === otherMs ? seq - otherSeq : ms - otherMs;
  return difference < 0n ? -1 : 1;
}

function partsOf(id: Buffer): bigint[] {
  return String(id).split("-").map(BigInt);
}

function setId(key: Buffer, fields: Map<string, Reply>, target: Abilities): Word[] {
  const last = wordOf(fields.get("last-generated-id"));
  const added = fields.get("entries-added");
  const deleted = fields.get("max-deleted-entry-id");
  if (!target.since70 || typeof added !== "number" || !(deleted instanceof Buffer))
    return ["XSETID", key, last];
  return ["XSETID", key, last, "ENTRIESADDED", added, "MAXDELETEDID", deleted];
}

function* groupCommands(key: Buffer, group: Group, target: Abilities): Generator<Word[]> {
  const name = wordOf(group.get("name"));
  yield ["XGROUP", "CREATE", key, ...placeOf(group, target)];
  if (target.since62) {
    for (const consumer of listOf(group.get("consumers")))
      yield ["XGROUP", "CREATECONSUMER", key, name, wordOf(pairsOf(consumer).get("name"))];
  }
  for (const [id, consumer, time, count] of pendingOf(group)) {
    yield ["XCLAIM", key, name, consumer, 0, id, "TIME", time, "RETRYCOUNT", count, "FORCE", "JUSTID"];
  }
}

/** A group's name, and where it is. */
function placeOf(group: Group, target: Abilities): Word[] {
  const read = group.get("entries-read");
  const counter: Word[] = target.since70 && typeof read === "number" ? ["ENTRIESREAD", read] : [];
  return [wordOf(group.get("name")), wordOf(group.get("last-delivered-id")), ...counter];
}

function pendingOf(group: Group): Pending[] {
  return listOf(group.get("pending") ?? group.get("pel")) as Pending[];
}

function listOf(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function wordOf(reply: Reply | undefined): Word {
  return reply instanceof Buffer || typeof reply === "number" ? reply : "0-0";
}
