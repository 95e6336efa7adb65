import type { RedisServer } from "../redisServer.ts";
import { printable, type DatasetComparison, type KeySample } from "./compareDatasets.ts";
import { DatasetPair, type PairOptions } from "./datasetPair.ts";
import { randomKeys } from "./randomKeys.ts";

/** What a sample found. */
export interface SampleComparison extends DatasetComparison {
  /** Databases whose number of keys differs; at equal offsets none may. */
  counts: { database: number; source: number; other: number }[];
}

/**
 * A quick comparison for the moment in which writes are held: connections and the choice of keys are made ahead, so
 * that the comparison itself takes two round trips.
 */
export class KeySampler {
  readonly #pair: DatasetPair;
  readonly #keys: ReadonlyMap<number, Buffer[]>;

  private constructor(pair: DatasetPair, keys: ReadonlyMap<number, Buffer[]>) {
    this.#pair = pair;
    this.#keys = keys;
  }

  /** Connects and chooses about so many keys of the source at random. */
  static async prepare(
    source: RedisServer,
    other: RedisServer,
    keys: number,
    options: PairOptions = {},
  ): Promise<KeySampler> {
    const pair = await DatasetPair.open(source, other, options);
    try {
      return new KeySampler(pair, await randomKeys(pair.source, keys));
    } catch (error) {
      pair.close();
      throw error;
    }
  }

  /** Compares the chosen keys and the number of keys; meaningful only at equal offsets and without writes. */
  async compare(): Promise<SampleComparison> {
    const [here, there] = await Promise.all([this.#pair.source.keyspace(), this.#pair.other.keyspace()]);
    const counts = [...new Set([...here.keys(), ...there.keys()])]
      .map((database) => ({ database, source: here.get(database) ?? 0, other: there.get(database) ?? 0 }))
      .filter(({ source, other }) => source !== other);
    const samples: KeySample[] = [];
    let keysCompared = 0;
    let keysUndecided = 0;
    for (const [database, keys] of this.#keys) {
      const verdicts = await this.#pair.look(database, keys);
      for (const [i, verdict] of verdicts.entries()) {
        if (verdict.is === "absent") continue;
        keysCompared++;
        if (verdict.is === "incomparable") keysUndecided++;
        if (verdict.is !== "different") continue;
        samples.push({ database, key: printable(keys[i] ?? Buffer.alloc(0)), reason: verdict.reason });
      }
    }
    return {
      keysCompared,
      keysDifferent: samples.length,
      keysUndecided,
      samples: samples.slice(0, 20),
      counts,
    };
  }

  /** Ends the connections. */
  close(): void {
    this.#pair.close();
  }
}

/** One sample from start to end, where nothing is prepared. */
export async function sampleKeys(
  source: RedisServer,
  other: RedisServer,
  keys: number,
  options: PairOptions = {},
): Promise<SampleComparison> {
  const sampler = await KeySampler.prepare(source, other, keys, options);
  try {
    return await sampler.compare();
  } finally {
    sampler.close();
  }
}
