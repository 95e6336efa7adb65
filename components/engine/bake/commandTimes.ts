import { isForbidden, type RedisServer } from "../redisServer.ts";
import { atLeast, type ServerVersion } from "../serverVersion.ts";

/** How many commands took up to so long and longer than the bound below, by the bound in microseconds; each is twice the one before. */
export type CommandTimes = ReadonlyMap<number, number>;

/** They wait for data by design, and the server counts that as their time. */
const WAITING =
  /^(b[lrz]\w+|xread(group)?|wait(aof)?|client(\|pause)?|psync|sync|subscribe|psubscribe|ssubscribe|monitor)$/;

/**
 * What the server has counted since its start (LATENCY HISTOGRAM of Redis and Valkey 7.0 and newer), all commands together.
 * @returns undefined where it doesn't count, or doesn't let the operator know
 */
export async function readCommandTimes(
  server: RedisServer,
  { version }: ServerVersion,
): Promise<CommandTimes | undefined> {
  if (!atLeast(version, "7.0")) return undefined;
  try {
    return commandTimesIn(await server.call("LATENCY", "HISTOGRAM"));
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

/** Reads the reply: for each command its name and `calls, n, histogram_usec, [bound, calls up to there, …]`. */
export function commandTimesIn(reply: unknown): CommandTimes {
  const times = new Map<number, number>();
  const words = Array.isArray(reply) ? reply : [];
  for (let i = 0; i + 1 < words.length; i += 2) {
    if (WAITING.test(String(words[i]).toLowerCase())) continue;
    const details = words[i + 1] as unknown;
    const buckets = Array.isArray(details) ? (details[details.indexOf("histogram_usec") + 1] as unknown) : [];
    if (Array.isArray(buckets)) addBuckets(times, buckets.map(Number));
  }
  return times;
}

function addBuckets(times: Map<number, number>, pairs: readonly number[]): void {
  let before = 0;
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [bound, upTo] = [pairs[i] ?? 0, pairs[i + 1] ?? 0];
    times.set(bound, (times.get(bound) ?? 0) + upTo - before);
    before = upTo;
  }
}

/** How many commands ran between two looks. */
export function callsBetween(before: CommandTimes, after: CommandTimes): number {
  return total(after) - total(before);
}

/** The bound within which so many percent of the commands between two looks ended, in milliseconds. */
export function percentileBetween(before: CommandTimes, after: CommandTimes, percent: number): number {
  const wanted = (callsBetween(before, after) * percent) / 100;
  let seen = 0;
  for (const bound of [...after.keys()].sort((a, b) => a - b)) {
    seen += (after.get(bound) ?? 0) - (before.get(bound) ?? 0);
    if (seen >= wanted && seen > 0) return bound / 1_000;
  }
  return 0;
}

function total(times: CommandTimes): number {
  return [...times.values()].reduce((sum, calls) => sum + calls, 0);
}
