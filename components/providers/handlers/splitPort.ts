import type { Address } from "../../engine/address.ts";

/** Reads what `formatAddress` wrote, as the change guard's inputs have it. */
export function splitPort(text: string): Address {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}
