import { isAbsent, isObject, isZero, unknownValue, type Properties, type Value } from "./properties.ts";
import { withDefaults } from "./defaults.ts";
import type { Field, Fields } from "./schema.ts";

/** One property that differs, by its path, e.g. `ports[0].external`. */
export interface Change {
  path: string;
  kind: "add" | "delete" | "update";
  replaces: boolean;
}

type Difference = Omit<Change, "replaces">;

/**
 * What differs between the state (not the old inputs: so drift that a refresh found shows) and the new inputs.
 * @param ignored property paths of `ignoreChanges`, which the engine applies to inputs only
 */
export function diff(
  schema: Fields,
  state: Properties,
  inputs: Properties,
  ignored: string[] = [],
): Change[] {
  return Object.entries(schema)
    .filter(([, field]) => !field.output)
    .flatMap(([name, field]) =>
      compare(field, name, state[name], inputs[name]).map((difference) => ({
        ...difference,
        replaces: field.replaces ?? false,
      })),
    )
    .filter(({ path }) => !ignored.some((pattern) => covers(pattern, path)));
}

/** The first segment of a property path. */
export function topLevel(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

function covers(pattern: string, path: string): boolean {
  const segments = (text: string): string[] => text.match(/[^.[\]"]+/g) ?? [];
  const wanted = segments(pattern);
  const actual = segments(path);
  return wanted.length <= actual.length && wanted.every((part, i) => part === "*" || part === actual[i]);
}

function compare(field: Field, path: string, old: Value | undefined, given: Value | undefined): Difference[] {
  const wanted = withDefaults(field, given);
  if (wanted === unknownValue) return [{ path, kind: kindOf(old, wanted) }];
  if (field.blankKeeps && isZero(wanted)) return [];
  if (field.computed && (isAbsent(wanted) || wanted === "")) return [];
  if (isZero(wanted) && isZero(old)) return [];
  if (wanted === undefined || isAbsent(wanted)) return [{ path, kind: "delete" }];
  if (isScalar(field)) return old === wanted ? [] : [{ path, kind: kindOf(old, wanted) }];
  return compareWithin(field, path, old, wanted);
}

function isScalar(field: Field): boolean {
  return field.kind === "string" || field.kind === "number" || field.kind === "boolean";
}

function compareWithin(field: Field, path: string, old: Value | undefined, wanted: Value): Difference[] {
  const { items, fields } = field;
  if (fields) {
    const members = isObject(old) ? old : {};
    const news = isObject(wanted) ? wanted : {};
    return Object.entries(fields).flatMap(([name, member]) =>
      compare(member, `${path}.${name}`, members[name], news[name]),
    );
  }
  if (!items) return [];
  if (field.kind === "map")
    return compareMaps(path, isObject(old) ? old : {}, isObject(wanted) ? wanted : {});
  const elements = Array.isArray(old) ? old : [];
  const news = Array.isArray(wanted) ? wanted : [];
  if ((field.anyOrder ?? false) && sameInAnyOrder(items, elements, news)) return [];
  return field.kind === "set"
    ? compareSets(items, path, elements, news)
    : compareLists(items, path, elements, news);
}

function compareMaps(path: string, old: Properties, wanted: Properties): Difference[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(wanted)])];
  return names
    .filter((name) => old[name] !== wanted[name])
    .map((name) => ({ path: `${path}.${name}`, kind: kindOf(old[name], wanted[name]) }));
}

function compareLists(items: Field, path: string, old: Value[], wanted: Value[]): Difference[] {
  return Array.from({ length: Math.max(old.length, wanted.length) }, (_, index): Difference[] => {
    const at = `${path}[${index}]`;
    if (index >= old.length || index >= wanted.length)
      return [{ path: at, kind: kindOf(old[index], wanted[index]) }];
    return compare(items, at, old[index], wanted[index]);
  }).flat();
}

function compareSets(items: Field, path: string, old: Value[], wanted: Value[]): Difference[] {
  const oldKeys = old.map((item) => setKey(items, item));
  const newKeys = wanted.map((item) => setKey(items, item));
  const gone = new Set(oldKeys.flatMap((key, index) => (newKeys.includes(key) ? [] : [index])));
  const come = new Set(newKeys.flatMap((key, index) => (oldKeys.includes(key) ? [] : [index])));
  return [...new Set([...gone, ...come])]
    .sort((a, b) => a - b)
    .map((index) => ({
      path: `${path}[${index}]`,
      kind: gone.has(index) && come.has(index) ? "update" : come.has(index) ? "add" : "delete",
    }));
}

function sameInAnyOrder(items: Field, old: Value[], wanted: Value[]): boolean {
  if (old.length !== wanted.length) return false;
  const left = [...old];
  return wanted.every((item) => {
    const match = left.findIndex((candidate) => compare(items, "", candidate, item).length === 0);
    if (match >= 0) left.splice(match, 1);
    return match >= 0;
  });
}

function kindOf(old: Value | undefined, wanted: Value | undefined): Difference["kind"] {
  if (old === undefined) return "add";
  return wanted === undefined ? "delete" : "update";
}

/** One text for all elements that Terraform's set takes for the same. */
export function setKey(field: Field, value: Value | undefined): string {
  const full = withDefaults(field, value);
  if (isZero(full)) return "";
  const { items, fields } = field;
  if (Array.isArray(full) && items) {
    const keys = full.map((item) => setKey(items, item));
    return JSON.stringify(field.kind === "set" ? keys.sort() : keys);
  }
  if (isObject(full) && fields)
    return JSON.stringify(Object.entries(fields).map(([name, member]) => setKey(member, full[name])));
  if (isObject(full)) return JSON.stringify(Object.entries(full).sort());
  return JSON.stringify(full);
}
