const LONGEST_QUOTE = 80;

/** A value as messages name it. Not for values that may be secret: those are named by `describeKind`. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return value === "" ? "empty" : quote(value);
  }
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return String(value);
  return describeKind(value);
}

/** What sort of value it is, without the value. */
export function describeKind(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  const kinds: Record<string, string> = { string: "text", number: "a number", boolean: "true or false" };
  return kinds[typeof value] ?? "an object";
}

/** Text in quotes, cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
}

/** `a`, `a or b`, `a, b or c`. */
export function either(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} or ${last}`;
}

/** Whether there are characters that no line of a configuration file can hold. */
export function hasControlCharacters(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
