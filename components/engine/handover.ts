/** Where a history ended on one server for another to go on. */
export interface Handover {
  replid: string;
  offset: number;
}

/** Begins the key pattern of the proxy's user that notes a handover; see gate.ts. */
export const HANDED_OVER = "redis-bluegreen:handed-over:";

/** Begins the note that the bridge feeds this server; the name of the application's user follows. */
export const FED = "redis-bluegreen:fed:";

/** The note that a cutover made this server a primary and nobody opened it since. */
export const UNOPENED = "redis-bluegreen:unopened";

/** Of the field `keys` of ACL GETUSER: Redis 6 answers with a list, Redis 7 with a text of patterns, each behind a `~`. */
export function keyPatterns(reply: unknown): string[] {
  if (Array.isArray(reply)) return reply.map(String);
  return typeof reply === "string" ? reply.split(" ").map((pattern) => pattern.replace(/^~/, "")) : [];
}

/** The handover that is noted among key patterns. */
export function handoverIn(patterns: readonly string[]): Handover | undefined {
  for (const pattern of patterns) {
    if (!pattern.startsWith(HANDED_OVER)) continue;
    const [replid = "", offset = ""] = pattern.slice(HANDED_OVER.length).split(":");
    if (replid !== "" && offset !== "") return { replid, offset: Number(offset) };
  }
  return undefined;
}
