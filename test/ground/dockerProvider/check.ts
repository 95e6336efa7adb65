import { createHash } from "node:crypto";
import { defaultedNames, isObject, unknownValue, type Properties, type Value } from "./properties.ts";
import type { Field, Fields } from "./schema.ts";

/** One reason why inputs are refused. */
export interface Failure {
  property: string;
  reason: string;
}

/** Every property that is unknown, missing, of the wrong type or out of range. Never names a value: it may be secret. */
export function validate(fields: Fields, inputs: Properties, path = ""): Failure[] {
  const failures: Failure[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const value = inputs[name];
    const at = path === "" ? name : `${path}.${name}`;
    if (value !== undefined && value !== null) failures.push(...validateValue(field, value, at));
    else if (field.required && !field.autonamed) failures.push({ property: at, reason: "is required" });
  }
  for (const name of Object.keys(inputs)) {
    if (name in fields ? fields[name]?.output : !name.startsWith("__"))
      failures.push({
        property: path === "" ? name : `${path}.${name}`,
        reason: `is not covered by the stand-in for the Docker plugin; it covers ${Object.keys(fields).join(", ")}`,
      });
  }
  return failures;
}

function validateValue(field: Field, value: Value, at: string): Failure[] {
  if (value === unknownValue) return [];
  const { items, fields } = field;
  switch (field.kind) {
    case "list":
    case "set":
      if (!Array.isArray(value)) return [{ property: at, reason: "must be a list" }];
      return items ? value.flatMap((item, index) => validateValue(items, item, `${at}[${index}]`)) : [];
    case "map":
      if (!isObject(value)) return [{ property: at, reason: "must be an object" }];
      return items
        ? Object.entries(value).flatMap(([key, item]) => validateValue(items, item, `${at}.${key}`))
        : [];
    case "object":
      if (!isObject(value)) return [{ property: at, reason: "must be an object" }];
      return fields ? validate(fields, value, at) : [];
    default:
      return validateScalar(field, value, at);
  }
}

function validateScalar(field: Field, value: Value, at: string): Failure[] {
  if (typeof value !== field.kind) return [{ property: at, reason: `must be a ${field.kind}` }];
  if (typeof value === "number" && !Number.isInteger(value))
    return [{ property: at, reason: "must be a whole number" }];
  if (typeof value === "number" && field.minimum !== undefined && value < field.minimum)
    return [{ property: at, reason: `must be at least ${field.minimum}` }];
  if (typeof value === "string" && field.pattern && !field.pattern.test(value))
    return [{ property: at, reason: `must match ${field.pattern.source}` }];
  return [];
}

/**
 * The inputs as the bridge hands them on: schema defaults and an automatic name filled in, their names noted under
 * `__defaults`. An automatic name stays as it was; on a replacement the engine gives no old inputs, so a new one is made.
 * @param seed the engine's random seed for this resource, or anything random
 */
export function fillIn(
  fields: Fields,
  olds: Properties,
  news: Properties,
  resourceName: string,
  seed: Uint8Array,
): Properties {
  const inputs: Properties = {};
  const defaults: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const given = news[name];
    const filled = field.autonamed ? automaticName(olds, name, resourceName, seed) : field.default;
    if (given !== undefined && given !== null) inputs[name] = given;
    else if (filled !== undefined) {
      inputs[name] = filled;
      defaults.push(name);
    }
  }
  return { ...inputs, __defaults: defaults.sort() };
}

function automaticName(olds: Properties, property: string, resourceName: string, seed: Uint8Array): Value {
  const old = olds[property];
  const wasAutomatic = defaultedNames(olds)?.includes(property) ?? true;
  if (typeof old === "string" && wasAutomatic) return old;
  return `${resourceName}-${createHash("sha256").update(seed).digest("hex").slice(0, 7)}`;
}
