import type { RedisServer } from "./redisServer.ts";

/**
 * Settings that this project raises for a while carry their original value inside the raised one
 * (offset + original), so that the server itself remembers what to restore, whatever process died in between.
 */
const OFFSET = 1_000_000;

/** Settings of which users may well want more than that: a backlog that is kept for weeks. */
const OFFSETS = new Map([["repl-backlog-ttl", 1_000_000_000]]);

/** A setting that can be raised and restored. */
export interface RaisedSetting {
  raised: boolean;
  /** The value that the user set, whether raised or not. */
  original: number;
}

/** Reads what a raised setting's value means. @param offset by which it is raised, where that is another one */
export function readRaised(value: string | undefined, offset = OFFSET): RaisedSetting {
  const number = Number(value ?? "0");
  return number >= offset ? { raised: true, original: number - offset } : { raised: false, original: number };
}

/** The value that raises a setting whose original value is known. @param offset as for `readRaised` */
export function raisedValue(original: number, offset = OFFSET): number {
  return offset + original;
}

/**
 * Raises or restores one numeric setting.
 * @returns false where that was so already, and nothing was done
 */
export async function setRaised(server: RedisServer, name: string, raised: boolean): Promise<boolean> {
  const offset = OFFSETS.get(name);
  const now = readRaised((await server.configGet(name)).get(name), offset);
  if (now.raised === raised) return false;
  await server.configSet(name, raised ? raisedValue(now.original, offset) : now.original);
  return true;
}
