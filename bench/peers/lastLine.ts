import {
  summarizeCases,
  caseKey,
  hasUnaudited,
  type BenchResults,
  type CaseSummary,
} from "./benchResults.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import { medianRatio, ratioOf } from "./statistics.ts";

/** The bench's last line: ratios of medians of one run, ours/theirs; null: not measured. */
export interface LastLine {
  pauseVsFailover: number | null;
  pauseVsSentinel: number | null;
  waitVsFailover: number | null;
  waitVsSentinel: number | null;
  /** Our pause with the largest data against that with the smallest; 4 GB against 0.1 GB. */
  pauseGrowth: number | null;
  previewRatio: number | null;
  /** Throughput. */
  bridgeVsReplication: number | null;
  /** Of ours, over all rounds; null as well where one of them ended without an audit. */
  lost: number | null;
  repeated: number | null;
}

/** What is to be reached: the most, or where `atLeast` is set the least. */
export const TARGETS: Record<keyof LastLine, { value: number; atLeast?: true }> = {
  pauseVsFailover: { value: 0.05 },
  pauseVsSentinel: { value: 0.02 },
  waitVsFailover: { value: 0.5 },
  waitVsSentinel: { value: 0.5 },
  pauseGrowth: { value: 1.5 },
  previewRatio: { value: 1.5 },
  bridgeVsReplication: { value: 1, atLeast: true },
  lost: { value: 0 },
  repeated: { value: 0 },
};

/** Whether a figure reaches its target; undefined where it was not measured. */
export function isReached(name: keyof LastLine, value: number | null): boolean | undefined {
  const target = TARGETS[name];
  if (value === null) return undefined;
  return target.atLeast === true ? value >= target.value : value <= target.value;
}

const SMALLEST_GB = 0.1;
const LARGEST_GB = 4;

type Figure = (summary: CaseSummary) => number | null;

/** Each ratio is taken case by case, of the medians of its rounds; the line has the median over the cases. */
export function lastLineOf(results: BenchResults): LastLine {
  const cases = summarizeCases(results.rounds);
  const pause: Figure = (summary) => summary.pause?.median ?? null;
  const wait: Figure = (summary) => summary.longestWait?.median ?? null;
  const ours = cases.filter(({ contestant }) => contestant === "cutover");
  const total = (field: "lost" | "repeated"): number | null =>
    ours.length === 0 || hasUnaudited(results)
      ? null
      : ours.reduce((sum, summary) => sum + summary.total[field], 0);
  const noOp = results.noOp;
  return {
    pauseVsFailover: against(cases, "failover", pause, pause),
    pauseVsSentinel: against(cases, "sentinel", pause, pause),
    waitVsFailover: against(cases, "failover", wait, wait),
    waitVsSentinel: against(cases, "sentinel", wait, wait),
    pauseGrowth: growth(ours, pause),
    previewRatio: ratioOf(noOp?.withUs.preview?.median, noOp?.withoutUs.preview?.median),
    bridgeVsReplication: results.bridge?.median ?? null,
    lost: total("lost"),
    repeated: total("repeated"),
  };
}

/**
 * Our pause against Sentinel's where one counts from the last acknowledgement, lost or not: its old primary goes on
 * acknowledging writes after the new one was promoted, and then drops them.
 */
export function silenceVsSentinel(results: BenchResults): number | null {
  const silence: Figure = (summary) => summary.silence?.median ?? null;
  return against(summarizeCases(results.rounds), "sentinel", silence, silence);
}

function against(
  cases: readonly CaseSummary[],
  peer: ContestantName,
  ours: Figure,
  theirs: Figure,
): number | null {
  const pairs = cases
    .filter(({ contestant }) => contestant === "cutover")
    .flatMap((own) => {
      const other = cases.find((c) => c.contestant === peer && caseKey(c) === caseKey(own));
      return other === undefined ? [] : [[ours(own), theirs(other)] as const];
    });
  return medianRatio(pairs);
}

function growth(ours: readonly CaseSummary[], pause: Figure): number | null {
  const pairs = ours
    .filter(({ gigabytes }) => gigabytes === LARGEST_GB)
    .flatMap((large) => {
      const small = ours.find(
        (c) => c.gigabytes === SMALLEST_GB && c.connections === large.connections && c.load === large.load,
      );
      return small === undefined ? [] : [[pause(large), pause(small)] as const];
    });
  return medianRatio(pairs);
}
