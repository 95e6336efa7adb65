import type { BakeSample } from "./bakeSample.ts";
import type { BakeSettings } from "./bakeSettings.ts";
import { callsBetween, percentileBetween, type CommandTimes } from "./commandTimes.ts";

/** A figure beside its limit. */
export interface BakeFigure {
  /** As in the configuration, e.g. `maxP99Ms`. */
  limit: keyof BakeSettings;
  name: string;
  value: number;
  allowed: number;
  beyond: boolean;
}

/** A figure over all looks. */
export interface BakeSummary extends Pick<BakeFigure, "limit" | "name" | "allowed"> {
  /** Of the colour that was live before, where it was watched: its median. */
  before?: number;
  median: number;
  /** The one nearest to the limit, or furthest beyond it. */
  worst: number;
}

/** So many looks in a row have to be beyond a limit: one slow look is no reason to move clients again. */
const LOOKS_BEYOND = 3;
/** What percentiles are taken over. */
export const WINDOW_MS = 10_000;
/** A hit rate of fewer lookups says nothing. */
const ENOUGH_LOOKUPS = 1_000;
/** The same of percentiles of fewer commands. */
const ENOUGH_COMMANDS = 100;

const LATENCIES = [
  { limit: "maxP50Ms", percent: 50 },
  { limit: "maxP95Ms", percent: 95 },
  { limit: "maxP99Ms", percent: 99 },
] as const;

/** So many that one may lie beyond the percentile: of fewer it would be the slowest of all, which says nothing. */
function enoughFor(percent: number): number {
  return 100 / (100 - percent);
}

/** Compares what was seen with the limits, look by look. */
export class BakeJudge {
  readonly #settings: BakeSettings;
  #first: BakeSample | undefined;
  /** Those within the window. */
  #samples: BakeSample[] = [];
  /** The old colour was in sync once: before, its link may only be on its way, as where it takes a full copy first. */
  #linked = false;
  readonly #beyond = new Map<string, number>();
  readonly #seen = new Map<string, BakeFigure[]>();

  constructor(settings: BakeSettings) {
    this.#settings = settings;
  }

  /** Takes a look's figures; answers with those that were beyond their limit three looks in a row. */
  judge(sample: BakeSample): BakeFigure[] {
    this.#first ??= sample;
    this.#linked ||= sample.lagBytes !== undefined && Number.isFinite(sample.lagBytes);
    this.#samples = [...this.#samples, sample].filter(({ at }) => sample.at - at <= WINDOW_MS);
    const breached: BakeFigure[] = [];
    for (const figure of this.figures()) {
      const looks = figure.beyond ? (this.#beyond.get(figure.limit) ?? 0) + 1 : 0;
      this.#beyond.set(figure.limit, looks);
      const seen = this.#seen.get(figure.limit);
      if (seen === undefined) this.#seen.set(figure.limit, [figure]);
      else seen.push(figure);
      if (looks >= LOOKS_BEYOND) breached.push(figure);
    }
    return breached;
  }

  /** The last look's figures; a rate needs two looks. */
  figures(): BakeFigure[] {
    const [last, previous] = [this.#samples.at(-1), this.#samples.at(-2)];
    if (last === undefined) return [];
    const figures = [...this.#latencies(), ...this.#commandTimes(last.commandTimes), ...this.#standing(last)];
    return previous === undefined ? figures : [...figures, ...this.#rates(previous, last)];
  }

  /** Whether the old colour, which is to follow, was not in sync in any look: nothing is known of its lag. */
  get awaitsLink(): boolean {
    return this.#first?.lagBytes !== undefined && !this.#linked;
  }

  /** Percentiles of latency for which there were never enough looks, by their limits. */
  unjudged(): string[] {
    return LATENCIES.filter(({ limit }) => !this.#seen.has(limit)).map(({ limit }) => limit);
  }

  /** Every figure over all looks, for the report. */
  summary(): BakeSummary[] {
    return [...this.#seen.values()].flatMap((looks) => {
      const values = looks.map(({ value }) => value).sort((a, b) => a - b);
      const [first] = looks;
      if (first === undefined) return [];
      const { limit, name, allowed } = first;
      const worst = (limit === "minHitPercent" ? values[0] : values.at(-1)) ?? 0;
      return [{ limit, name, allowed, median: values[Math.floor(values.length / 2)] ?? 0, worst }];
    });
  }

  #commandTimes(after: CommandTimes | undefined): BakeFigure[] {
    const before = this.#samples.find(({ commandTimes }) => commandTimes !== undefined)?.commandTimes;
    if (before === undefined || after === undefined || callsBetween(before, after) < ENOUGH_COMMANDS)
      return [];
    const percentile = (percent: number): number => percentileBetween(before, after, percent);
    return [
      this.#atMost("maxCommandP50Ms", "command time p50 in ms", percentile(50)),
      this.#atMost("maxCommandP95Ms", "command time p95 in ms", percentile(95)),
      this.#atMost("maxCommandP99Ms", "command time p99 in ms", percentile(99)),
    ];
  }

  #latencies(): BakeFigure[] {
    const sorted = this.#samples.flatMap(({ latencies }) => latencies).sort((a, b) => a - b);
    return LATENCIES.filter(({ percent }) => sorted.length >= enoughFor(percent)).map(
      ({ limit, percent }) => {
        const value = sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0;
        return this.#atMost(limit, `latency p${percent} in ms`, value);
      },
    );
  }

  #standing(last: BakeSample): BakeFigure[] {
    const first = this.#first;
    const hits = last.hits - (first?.hits ?? 0);
    const lookups = hits + last.misses - (first?.misses ?? 0);
    const share = lookups < ENOUGH_LOOKUPS ? 100 : (100 * hits) / lookups;
    const { minHitPercent } = this.#settings;
    return [
      {
        limit: "minHitPercent",
        name: "hit rate in %",
        value: share,
        allowed: minHitPercent,
        beyond: share < minHitPercent,
      },
      this.#memory(last),
      ...(last.lagBytes === undefined || !this.#linked
        ? []
        : [this.#atMost("maxLagBytes", "lag of the old colour in bytes", last.lagBytes)]),
    ];
  }

  /**
   * A full cache evicts down to its limit, above which it is for moments all the time (measured: 100.06 to 100.16 % of
   * `used_memory`, Redis 7.0.15 and 8.0.2): of such a server only a limit below that can be passed.
   */
  #memory({ usedMemory, maxMemory, evicts }: BakeSample): BakeFigure {
    const share = maxMemory === 0 ? 0 : (100 * usedMemory) / maxMemory;
    const figure = this.#atMost("maxMemoryPercent", "used memory in % of maxmemory", share);
    return { ...figure, beyond: figure.beyond && !(evicts && figure.allowed >= 100) };
  }

  #rates(previous: BakeSample, last: BakeSample): BakeFigure[] {
    const seconds = Math.max(0.001, (last.at - previous.at) / 1_000);
    const rejected = (last.rejectedConnections - previous.rejectedConnections) / seconds;
    const figures = [
      this.#atMost("maxRejectedConnectionsPerSecond", "rejected connections a second", rejected),
    ];
    if (last.errorReplies !== undefined && previous.errorReplies !== undefined) {
      const errors = (last.errorReplies - previous.errorReplies) / seconds;
      figures.push(this.#atMost("maxErrorRepliesPerSecond", "error replies a second", errors));
    }
    return figures;
  }

  #atMost(limit: Exclude<keyof BakeSettings, "retry">, name: string, value: number): BakeFigure {
    const allowed = this.#settings[limit];
    return { limit, name, value, allowed, beyond: value > allowed };
  }
}

/** To a tenth, for sentences. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `latency p99 in ms 812.4, maxP99Ms 500`. */
export function describeFigure({ name, value, limit, allowed }: BakeFigure): string {
  const shown = Number.isFinite(value) ? String(rounded(value)) : "unknown, its link is down";
  return `${name} ${shown}, ${limit} ${allowed}`;
}
