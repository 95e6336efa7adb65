import { isAbsent, isObject, isZero, unknownValue, type Properties, type Value } from "./properties.ts";
import type { Field, Fields } from "./schema.ts";

/** The value with the schema's defaults filled in at every depth. */
export function withDefaults(field: Field, value: Value | undefined): Value | undefined {
  if (value === undefined || value === null) return field.default;
  if (Array.isArray(value)) {
    const { items } = field;
    return items ? value.map((item) => withDefaults(items, item) ?? null) : value;
  }
  const { fields } = field;
  return isObject(value) && fields ? fieldsWithDefaults(fields, value) : value;
}

function fieldsWithDefaults(fields: Fields, value: Properties): Properties {
  const filled: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const member = withDefaults(field, value[name]);
    if (member !== undefined) filled[name] = member;
  }
  return filled;
}

/**
 * The state that an update to `inputs` leads to when all goes well: Terraform's planned state. What is computed
 * stays as it was; what is new and computed is left out.
 * @param kept names of properties whose changes are ignored
 */
export function plannedState(
  schema: Fields,
  inputs: Properties,
  olds: Properties,
  kept: string[] = [],
): Properties {
  const planned: Properties = {};
  for (const [name, field] of Object.entries(schema)) {
    const given = withDefaults(field, inputs[name]);
    const old = olds[name];
    const stays = isAbsent(given) && (field.output ?? field.computed ?? field.blankKeeps ?? isZero(old));
    const value = stays || kept.includes(name) ? (old ?? given) : withComputed(field, given, old);
    if (value !== undefined) planned[name] = value;
  }
  return planned;
}

function withComputed(field: Field, value: Value | undefined, old: Value | undefined): Value | undefined {
  if (Array.isArray(value) && Array.isArray(old) && field.kind === "list" && field.items) {
    const { items } = field;
    return value.map((item, index) => withComputed(items, item, old[index]) ?? null);
  }
  if (!isObject(value) || !isObject(old) || !field.fields) return value;
  const computed = Object.entries(field.fields).filter(
    ([name, member]) => member.computed && !(name in value) && name in old,
  );
  return { ...value, ...Object.fromEntries(computed.map(([name]) => [name, old[name] ?? null])) };
}

/** A planned state for a preview of something new: what Docker will fill in is unknown. */
export function withUnknowns(schema: Fields, planned: Properties): Properties {
  const computed = Object.entries(schema).filter(([, field]) => field.output ?? field.computed);
  return { ...Object.fromEntries(computed.map(([name]) => [name, unknownValue])), ...planned };
}
