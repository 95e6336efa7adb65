import type { Address } from "../../engine/address.ts";

/** Reads `host:port` as the change guard's inputs have it. */
export function splitPort(text: string): Address {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
