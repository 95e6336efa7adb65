import type { Colour } from "../colour.ts";
import type { BridgeStatus } from "./bridgeStatus.ts";

/** How many keys of a kind a sentence names. */
const NAMED_KEYS = 3;

/**
 * Says what a colour that the bridge feeds has no form for, by kind and with some keys of each.
 * @param keys how many it is about, according to the colour itself
 * @param kinds as the bridge tells them; absent where it doesn't answer
 */
export function lackingForms(
  colour: Colour,
  keys: number,
  kinds: BridgeStatus["unrepresentable"] = {},
): string {
  const named = Object.entries(kinds).map(
    ([kind, { count, samples }]) => `${kind} of ${keysIn(count, samples)}`,
  );
  return `${colour} has no form for: ${named.length === 0 ? `data of ${keysOf(keys)}` : named.join("; ")}`;
}

/** Samples are `<database> <key>`; a function's database is below 0. */
function keysIn(count: number, samples: readonly string[]): string {
  const names = samples.slice(0, NAMED_KEYS).map((sample) => {
    const space = sample.indexOf(" ");
    const [database, key] = [Number(sample.slice(0, space)), sample.slice(space + 1)];
    return database < 0 ? key : `${key} in database ${database}`;
  });
  const more = count > names.length ? ", …" : "";
  return `${keysOf(count)} (${names.join(", ")}${more})`;
}

function keysOf(count: number): string {
  return `${count} ${count === 1 ? "key" : "keys"}`;
}
