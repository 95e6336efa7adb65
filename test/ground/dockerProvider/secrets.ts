import { isObject, type Properties, type Value } from "./properties.ts";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Properties in clear, and what of them must never leave in clear. */
export interface Opened {
  properties: Properties;
  /** Names of the properties that are or hold a secret. */
  secret: Set<string>;
  /** The secret texts themselves, for {@link redact}. */
  texts: Set<string>;
}

/** Takes the secret marks off. */
export function open(marked: Properties): Opened {
  const secret = new Set<string>();
  const texts = new Set<string>();
  const properties: Properties = {};
  for (const [name, value] of Object.entries(marked)) {
    properties[name] = unwrap(value, false, texts, () => secret.add(name));
  }
  return { properties, secret, texts };
}

function unwrap(value: Value, within: boolean, texts: Set<string>, found: () => void): Value {
  if (Array.isArray(value)) return value.map((item) => unwrap(item, within, texts, found));
  if (isObject(value)) {
    if (value[signatureKey] === secretSignature) {
      found();
      return unwrap(value["value"] ?? null, true, texts, found);
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, unwrap(member, within, texts, found)]),
    );
  }
  if (within && typeof value === "string" && value !== "") texts.add(value);
  return value;
}

/** Marks each named property as secret as a whole, as the engine itself does for plugins that know no secrets. */
export function seal(properties: Properties, secret: Set<string>): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      secret.has(name) ? { [signatureKey]: secretSignature, value } : value,
    ]),
  );
}

/** The message without any secret text. */
export function redact(message: string, texts: Set<string>): string {
  return [...texts].reduce((clean, text) => clean.replaceAll(text, "[secret]"), message);
}
