import type { Reply } from "../../verification/replyParser.ts";
import type { Word } from "../encode.ts";
import type { Abilities } from "../translations/abilities.ts";
import { pairsOf } from "./keyWriter.ts";

/** A group that only makes the stream come to be, also where it has no entries. */
const MAKER = "redis-bluegreen";

/** Commands that make a stream what `XINFO STREAM … FULL` says: entries, last ID, groups, consumers, pending entries. */
export function* streamCommands(key: Buffer, full: Reply, target: Abilities): Generator<Word[]> {
  const fields = pairsOf(full);
  yield ["XGROUP", "CREATE", key, MAKER, "$", "MKSTREAM"];
  yield ["XGROUP", "DESTROY", key, MAKER];
  for (const entry of listOf(fields.get("entries"))) {
    const [id, values] = entry as [Buffer, Buffer[]];
    yield ["XADD", key, id, ...values];
  }
  yield setId(key, fields, target);
  for (const group of listOf(fields.get("groups"))) yield* groupCommands(key, pairsOf(group), target);
}

function setId(key: Buffer, fields: Map<string, Reply>, target: Abilities): Word[] {
  const last = wordOf(fields.get("last-generated-id"));
  const added = fields.get("entries-added");
  const deleted = fields.get("max-deleted-entry-id");
  if (!target.since70 || typeof added !== "number" || !(deleted instanceof Buffer))
    return ["XSETID", key, last];
  return ["XSETID", key, last, "ENTRIESADDED", added, "MAXDELETEDID", deleted];
}

function* groupCommands(key: Buffer, group: Map<string, Reply>, target: Abilities): Generator<Word[]> {
  const name = wordOf(group.get("name"));
  const read = group.get("entries-read");
  const counter: Word[] = target.since70 && typeof read === "number" ? ["ENTRIESREAD", read] : [];
  yield ["XGROUP", "CREATE", key, name, wordOf(group.get("last-delivered-id")), ...counter];
  if (target.since62) {
    for (const consumer of listOf(group.get("consumers")))
      yield ["XGROUP", "CREATECONSUMER", key, name, wordOf(pairsOf(consumer).get("name"))];
  }
  // Of the group `pending`: [id, consumer, delivered at, deliveries].
  for (const entry of listOf(group.get("pending") ?? group.get("pel"))) {
    const [id, consumer, time, count] = entry as [Buffer, Buffer, number, number];
    yield ["XCLAIM", key, name, consumer, 0, id, "TIME", time, "RETRYCOUNT", count, "FORCE", "JUSTID"];
  }
}

function listOf(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function wordOf(reply: Reply | undefined): Word {
  return reply instanceof Buffer || typeof reply === "number" ? reply : "0-0";
}
