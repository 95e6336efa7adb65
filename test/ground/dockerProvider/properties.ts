/** What travels between engine and plugin, secrets already unwrapped. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

/** The inputs or outputs of one resource. */
export type Properties = Record<string, Value>;

/** How the engine writes a value that a preview does not know yet. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether it is an object, so neither null nor an array. */
export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What Terraform's SDK takes for "not set": absent, "", 0, false, and anything empty. */
export function isZero(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Whether nothing was given: absent, or a collection without members. */
export function isAbsent(value: Value | undefined): boolean {
  return value === undefined || value === null || (typeof value === "object" && isZero(value));
}

/** A copy with neither nulls nor undefined members in its objects. */
export function withoutNulls(properties: object): Properties {
  const text = JSON.stringify(properties, (_, value: unknown) => value ?? undefined);
  return JSON.parse(text) as Properties;
}

/** The names that the bridge notes as filled in by itself rather than by the program. */
export function defaultedNames(properties: Properties): string[] | undefined {
  const names = properties["__defaults"];
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : undefined;
}

/** A copy without undefined, "", 0, false and empty members. */
export function withoutZeros<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept = Object.entries(options as Record<string, unknown>).filter(
    ([, value]) => Boolean(value) && (typeof value !== "object" || Object.keys(value ?? {}).length > 0),
  );
  return Object.fromEntries(kept) as { [K in keyof T]?: NonNullable<T[K]> };
}
