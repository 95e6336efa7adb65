import type { ChainableCommander } from "ioredis";
import { openClient, type ClientEndpoint } from "./endpoint.ts";
import { Random } from "./random.ts";

/** What the seed writes. */
export interface SeedOptions {
  /** Keys in all. Default 100,000. */
  keys?: number;
  /** Equal seeds write equal keys and values; expiry counts from the moment of writing. Default 1. */
  seed?: number;
  /** Of all keys. Default `seed`. */
  keyPrefix?: string;
}

/** What was written. */
export interface SeedResult {
  keys: number;
  /** Keys that expire, in 1 hour to 1 day. */
  expiring: number;
  /** Keys by type. */
  byType: Record<SeedType, number>;
  elapsedMs: number;
}

/** The types of the seeded keys; every stream has a consumer group with pending entries. */
export type SeedType = "string" | "list" | "hash" | "set" | "zset" | "stream";

/** Of 100 keys, how many are of which type. */
const SHARES: Record<SeedType, number> = { string: 55, hash: 15, list: 10, set: 10, zset: 7, stream: 3 };
const TYPES = Object.keys(SHARES) as SeedType[];
const HOUR_MS = 3_600_000;
/** Keys per pipeline: large enough for throughput, small enough for any client output buffer. */
const BATCH = 500;
/** Pipelines under way at a time. */
const BATCHES_UNDER_WAY = 4;

/** Fills an endpoint with keys of all types, about a third of them expiring. Existing keys of the prefix are replaced. */
export async function seedDataset(endpoint: ClientEndpoint, options: SeedOptions = {}): Promise<SeedResult> {
  const { keys = 100_000, seed = 1, keyPrefix = "seed" } = options;
  const random = new Random(seed);
  const result: SeedResult = {
    keys,
    expiring: 0,
    byType: { string: 0, list: 0, hash: 0, set: 0, zset: 0, stream: 0 },
    elapsedMs: 0,
  };
  const client = openClient(endpoint);
  const startedAt = performance.now();
  try {
    const underWay: Promise<void>[] = [];
    for (let first = 0; first < keys; first += BATCH) {
      const pipeline = client.pipeline();
      for (let i = first; i < Math.min(first + BATCH, keys); i++)
        writeKey(pipeline, `${keyPrefix}:${i}`, random, result);
      underWay.push(execute(pipeline));
      if (underWay.length >= BATCHES_UNDER_WAY) await underWay.shift();
    }
    await Promise.all(underWay);
  } finally {
    client.disconnect();
  }
  return { ...result, elapsedMs: performance.now() - startedAt };
}

async function execute(pipeline: ChainableCommander): Promise<void> {
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
}

function writeKey(pipeline: ChainableCommander, key: string, random: Random, result: SeedResult): void {
  const type = pickType(random);
  result.byType[type] += 1;
  pipeline.del(key);
  writeValue(pipeline, key, type, random);
  if (random.next() >= 1 / 3) return;
  pipeline.pexpire(key, random.between(HOUR_MS, 24 * HOUR_MS));
  result.expiring += 1;
}

function pickType(random: Random): SeedType {
  let draw = random.next() * 100;
  return TYPES.find((type) => (draw -= SHARES[type]) < 0) ?? "string";
}

function writeValue(pipeline: ChainableCommander, key: string, type: SeedType, random: Random): void {
  const some = <T>(make: (index: number) => T): T[] =>
    Array.from({ length: random.between(1, 8) }, (_, i) => make(i));
  switch (type) {
    case "string":
      pipeline.set(key, random.text(random.between(8, 200)));
      return;
    case "list":
      pipeline.rpush(key, ...some(() => random.text(12)));
      return;
    case "hash":
      pipeline.hset(key, ...some((i) => [`field${i}`, random.text(16)]).flat());
      return;
    case "set":
      pipeline.sadd(key, ...some(() => random.text(12)));
      return;
    case "zset":
      pipeline.zadd(key, ...some((i) => [random.between(0, 1_000_000) / 8, `member${i}`]).flat());
      return;
    case "stream":
      for (const [index, value] of some(() => random.text(12)).entries())
        pipeline.xadd(key, `1-${index + 1}`, "f", value);
      pipeline.xgroup("CREATE", key, "readers", "0");
      pipeline.xreadgroup("GROUP", "readers", "reader1", "COUNT", 1, "STREAMS", key, ">");
  }
}
