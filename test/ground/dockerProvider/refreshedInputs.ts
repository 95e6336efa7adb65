import { setKey } from "./diff.ts";
import { isObject, type Properties, type Value } from "./properties.ts";
import type { Field, Fields } from "./schema.ts";

/**
 * The inputs that a refresh leaves behind, as the bridge makes them: each property that the program gave takes the
 * value that was read, one that was not read goes. No `__defaults` are kept.
 */
export function refreshedInputs(fields: Fields, inputs: Properties, state: Properties): Properties {
  const refreshed: Properties = {};
  for (const [name, old] of Object.entries(inputs)) {
    const field = fields[name];
    const read = state[name];
    if (field && read !== undefined) refreshed[name] = refreshedValue(field, old, read);
  }
  return refreshed;
}

function refreshedValue(field: Field, old: Value, read: Value): Value {
  const { items, fields } = field;
  if (isObject(old) && isObject(read))
    return fields
      ? refreshedInputs(fields, old, read)
      : Object.fromEntries(
          Object.keys(old).flatMap((key) => (key in read ? [[key, read[key] ?? null]] : [])),
        );
  if (!Array.isArray(old) || !Array.isArray(read) || !items) return read;
  return old.flatMap((item, index) => {
    const match =
      field.kind === "set" ? read.find((other) => setKey(items, other) === setKey(items, item)) : read[index];
    return match === undefined ? [] : [refreshedValue(items, item, match)];
  });
}
