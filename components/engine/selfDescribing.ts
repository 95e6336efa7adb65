import type { RedisServer } from "./redisServer.ts";

/**
 * Settings that this project raises for a while carry their original value inside the raised one
 * (offset + original), so that the server itself remembers what to restore, whatever process died in between.
 */
const OFFSET = 1_000_000;

/** A setting that can be raised and restored. */
export interface RaisedSetting {
  raised: boolean;
  /** The value that the user set, whether raised or not. */
  original: number;
}

/** Reads what a raised setting's value means. */
export function readRaised(value: string | undefined): RaisedSetting {
  const number = Number(value ?? "0");
  return number >= OFFSET ? { raised: true, original: number - OFFSET } : { raised: false, original: number };
}

/** The value that raises a setting whose original value is known. */
export function raisedValue(original: number): number {
  return OFFSET + original;
}

/**
 * Raises or restores one numeric setting.
 * @returns false where that was so already, and nothing was done
 */
export async function setRaised(server: RedisServer, name: string, raised: boolean): Promise<boolean> {
  const now = readRaised((await server.configGet(name)).get(name));
  if (now.raised === raised) return false;
  await server.configSet(name, raised ? raisedValue(now.original) : now.original);
  return true;
}
