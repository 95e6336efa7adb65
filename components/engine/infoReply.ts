/** The fields of an INFO reply, by name. */
export type InfoFields = ReadonlyMap<string, string>;

/** Reads the `name:value` lines of an INFO reply. */
export function parseInfo(reply: string): InfoFields {
  const fields = new Map<string, string>();
  for (const line of reply.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1).trimEnd());
  }
  return fields;
}

/** A field as a number; 0 where the server's version doesn't have it. */
export function infoNumber(fields: InfoFields, name: string): number {
  const value = Number(fields.get(name) ?? "0");
  return Number.isFinite(value) ? value : 0;
}

/** Reads a reply of CLIENT LIST: the fields of each client, by name. */
export function parseClientList(reply: string): InfoFields[] {
  const lines = reply.split("\n").map((line) => line.trimEnd());
  return lines.filter((line) => line !== "").map((line) => parsePairs(line, " "));
}

/** Reads the `a=1,b=2` lists inside INFO lines. */
export function parsePairs(text: string, separator = ","): ReadonlyMap<string, string> {
  return new Map(
    text.split(separator).map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
