import { isOwnKey } from "../bridge/position.ts";
import { keyCount } from "../keyspace.ts";
import { printable } from "../printable.ts";
import type { RedisServer } from "../redisServer.ts";
import { DatasetPair, VerificationError, type KeyVerdict, type PairOptions } from "./datasetPair.ts";
import { BATCH_KEYS } from "./keyFingerprint.ts";
import { randomKeys } from "./randomKeys.ts";
import { isCertain, isEqual, sightAgain, type Sighting } from "./sighting.ts";

/** A key that is not the same on both servers, or could not be decided. */
export interface KeySample {
  database: number;
  /** As text; bytes that aren't UTF-8 are shown as `\xNN`. */
  key: string;
  reason: string;
}

/** For a sentence. */
export function describeSamples(samples: readonly KeySample[]): string {
  return samples.map(({ database, key, reason }) => `db${database} ${key} (${reason})`).join(", ");
}

/** What a comparison found. */
export interface DatasetComparison {
  /** Keys that were there on at least one side. */
  keysCompared: number;
  keysDifferent: number;
  /** Neither equal nor different: written to without a pause for as long as was waited, or of a foreign type. */
  keysUndecided: number;
  /** Some of the different and undecided ones, different ones first. */
  samples: KeySample[];
}

/** What is compared. */
export interface CompareOptions extends PairOptions {
  /** Every key of both servers, or about so many chosen at random on each. */
  keys: number | "all";
  onProgress?: (progress: { keysCompared: number; keysTotal: number }) => void;
  /** How long keys that differ at first sight are looked at again while they are being written. Default 30,000. */
  settleTimeoutMs?: number;
}

interface Suspect {
  database: number;
  key: Buffer;
  /** What was seen of it so far. */
  sighting?: Sighting;
}

const MAX_SAMPLES = 20;
/** Smaller batches leave less time for a write to come in between. */
const SETTLE_BATCHES = [BATCH_KEYS, 50, 5];

/**
 * Compares two servers by type, content and expiry, key for key, in all databases; reads only. They may be written
 * to meanwhile: what differs at first sight is looked at again, between two equal readings of the master and after
 * the replica has passed its offset, until a look finds it equal or several in a row find the same difference. Servers
 * without a link between them should stand still.
 * @throws RedisServerError, VerificationError when the link goes down, DeadlineError when the replica falls behind
 */
export async function compareDatasets(
  source: RedisServer,
  other: RedisServer,
  options: CompareOptions,
): Promise<DatasetComparison> {
  const pair = await DatasetPair.open(source, other, options);
  try {
    const run = new Comparison(pair, options);
    await (options.keys === "all" ? run.lookAtAll() : run.lookAtSome(options.keys));
    await run.settle();
    return run.result();
  } finally {
    pair.close();
  }
}

class Comparison {
  readonly #pair: DatasetPair;
  readonly #options: CompareOptions;
  #suspects = new Map<string, Suspect>();
  readonly #different: KeySample[] = [];
  readonly #undecided: KeySample[] = [];
  #compared = 0;
  #keysDifferent = 0;
  #keysUndecided = 0;
  #keysTotal = 0;

  constructor(pair: DatasetPair, options: CompareOptions) {
    this.#pair = pair;
    this.#options = options;
  }

  async lookAtAll(): Promise<void> {
    const { source, other } = this.#pair;
    const [here, there] = await Promise.all([source.keyspace(), other.keyspace()]);
    this.#keysTotal = keyCount(here);
    for (const database of here.keys()) {
      for await (const keys of source.scan(database)) await this.#look(database, keys);
    }
    for (const database of there.keys()) {
      for await (const keys of other.scan(database)) await this.#lookForExtra(database, keys);
    }
  }

  async lookAtSome(count: number): Promise<void> {
    const { source, other } = this.#pair;
    const here = await randomKeys(source, count);
    this.#keysTotal = [...here.values()].reduce((sum, keys) => sum + keys.length, 0);
    for (const [database, keys] of here) await this.#look(database, keys);
    for (const [database, keys] of await randomKeys(other, count)) await this.#lookForExtra(database, keys);
  }

  /** Looks again at what differed, in ever smaller batches, until all is decided or the time is up. */
  async settle(): Promise<void> {
    const deadline = performance.now() + (this.#options.settleTimeoutMs ?? 30_000);
    for (let round = 0; this.#suspects.size > 0; round++) {
      const size = SETTLE_BATCHES[round] ?? 1;
      const last = round > 0 && performance.now() >= deadline;
      const suspects = this.#suspects;
      this.#suspects = new Map();
      // What is seen again and again is not what clients write to: large batches do.
      const [again, others] = partition(
        [...suspects.values()],
        ({ sighting }) => sighting?.difference !== undefined,
      );
      for (const batch of [...batchesOf(again, BATCH_KEYS), ...batchesOf(others, size)]) {
        const database = batch[0]?.database ?? 0;
        const verdicts = await this.#pair.settle(
          database,
          batch.map(({ key }) => key),
        );
        for (const [i, suspect] of batch.entries()) this.#judge(suspect, verdicts[i], last);
      }
    }
  }

  result(): DatasetComparison {
    return {
      keysCompared: this.#compared,
      keysDifferent: this.#keysDifferent,
      keysUndecided: this.#keysUndecided,
      samples: [...this.#different, ...this.#undecided].slice(0, MAX_SAMPLES),
    };
  }

  async #look(database: number, found: readonly Buffer[]): Promise<void> {
    const keys = withoutBridgeKeys(found);
    const verdicts = await this.#pair.look(database, keys);
    for (const [i, verdict] of verdicts.entries()) {
      if (verdict.is === "equal") this.#compared++;
      else if (verdict.is !== "absent") this.#suspect({ database, key: keys[i] ?? Buffer.alloc(0) });
    }
    this.#options.onProgress?.({ keysCompared: this.#compared, keysTotal: this.#keysTotal });
  }

  /** Only keys that the source doesn't have are new here. */
  async #lookForExtra(database: number, found: readonly Buffer[]): Promise<void> {
    const keys = withoutBridgeKeys(found);
    const replies = await this.#pair.source.batch(
      database,
      keys.map((key) => ["EXISTS", key]),
    );
    for (const [i, reply] of replies.entries()) {
      if (reply instanceof Error) throw reply;
      const key = keys[i];
      if (reply === 0 && key !== undefined) this.#suspect({ database, key });
    }
  }

  #suspect(suspect: Suspect): void {
    this.#suspects.set(`${suspect.database} ${suspect.key.toString("latin1")}`, suspect);
  }

  /** Takes a look into account; what isn't decided by it is looked at again. */
  #judge({ database, key, sighting }: Suspect, verdict: KeyVerdict | undefined, last: boolean): void {
    if (verdict === undefined) throw new VerificationError("a reading is incomplete");
    if (verdict.is !== "different" && verdict.is !== "undecided") {
      this.#decide({ database, key }, verdict);
      return;
    }
    const now = performance.now();
    const difference = verdict.is === "different" ? verdict : undefined;
    const agrees = verdict.is === "undecided" && verdict.agrees;
    const seen = sightAgain(sighting, difference, this.#pair.isSame, now, agrees);
    if (isCertain(seen, now, last)) this.#decide({ database, key }, verdict);
    else if (isEqual(seen, now, last)) this.#decide({ database, key }, { is: "equal" });
    else if (!last) this.#suspect({ database, key, sighting: seen });
    else this.#decide({ database, key }, { is: "undecided", reason: verdict.reason });
  }

  #decide(suspect: Suspect, verdict: KeyVerdict): void {
    if (verdict.is === "absent") return;
    this.#compared++;
    if (verdict.is === "equal") return;
    const sample = { database: suspect.database, key: printable(suspect.key), reason: verdict.reason };
    if (verdict.is === "different") {
      this.#keysDifferent++;
      if (this.#different.length < MAX_SAMPLES) this.#different.push(sample);
    } else {
      this.#keysUndecided++;
      if (this.#undecided.length < MAX_SAMPLES) this.#undecided.push(sample);
    }
  }
}

/** Groups suspects by database, so many at a time. */
function batchesOf(suspects: Suspect[], size: number): Suspect[][] {
  const batches: Suspect[][] = [];
  for (const suspect of suspects) {
    const open = batches.at(-1);
    if (open?.[0]?.database === suspect.database && open.length < size) open.push(suspect);
    else batches.push([suspect]);
  }
  return batches;
}

function partition<T>(items: readonly T[], matches: (item: T) => boolean): [T[], T[]] {
  return [items.filter(matches), items.filter((item) => !matches(item))];
}

/** What the bridge notes on a server that it feeds is not data. */
function withoutBridgeKeys(keys: readonly Buffer[]): Buffer[] {
  return keys.filter((key) => !isOwnKey(key));
}
