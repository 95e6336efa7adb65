import { setTimeout as delay } from "node:timers/promises";
import type { Progress } from "../progress.ts";
import { RedisServerError } from "../redisServer.ts";
import {
  BakeJudge,
  describeFigure,
  rounded,
  WINDOW_MS,
  type BakeFigure,
  type BakeSummary,
} from "./bakeJudge.ts";
import { takeSample, type BakeSubjects } from "./bakeSample.ts";
import type { BakeSettings } from "./bakeSettings.ts";

/** How a bake ended, and what was seen. */
export type BakeOutcome = BakeRecord &
  (
    | { kind: "passed" }
    /** Limits that were passed three looks in a row: a reason to go back. */
    | { kind: "breached"; breached: BakeFigure[] }
    /**
     * The figures could not be had often enough to say anything, the old colour was still on its way, or the server was
     * restarted: no reason to go back by itself,
     * since what it lost then may be on neither colour, and none to be content.
     */
    | { kind: "inconclusive"; reason: string }
  );

/** What was seen. */
export interface BakeRecord {
  /** How often it was looked; once a second. */
  looks: number;
  /** Looks that gave no figures. */
  failed: number;
  figures: BakeSummary[];
  /** Limits of latency that there were too few looks for. */
  unjudged: string[];
}

const INTERVAL_MS = 1_000;
const PROGRESS_EVERY = 15;

/** Opens what is looked at; called again after a look failed. */
export type ConnectSubjects = () => Promise<BakeSubjects>;

/** A colour that has just become live. */
export interface BakingColour {
  connect: ConnectSubjects;
  /** `run_id` of the process that became live. */
  run: string;
}

/** Medians by limit, of the colour that was live before. */
export type FiguresBefore = ReadonlyMap<string, number>;

/** How long the old colour is watched before the cutover, for the new one's figures to be compared with. Seconds. */
export function secondsBefore({ seconds }: BakeSettings): number {
  return Math.min(seconds, WINDOW_MS / 1_000);
}

/** Watches the colour that is still live, whatever its limits; a figure that could not be had is absent. */
export async function watchBefore(settings: BakeSettings, connect: ConnectSubjects): Promise<FiguresBefore> {
  const judge = new BakeJudge(settings);
  await watch(judge, secondsBefore(settings), { connect }, () => false);
  return new Map(judge.summary().map(({ limit, median }) => [limit, median]));
}

/**
 * Watches a colour that has just become live, until a limit is passed or another process answers.
 * @param before what `watchBefore` saw, for the record; empty where nothing is known
 */
export async function bake(
  settings: BakeSettings,
  colour: BakingColour,
  before: FiguresBefore,
  progress: Progress,
): Promise<BakeOutcome> {
  const judge = new BakeJudge(settings);
  let breached: BakeFigure[] = [];
  const { looks, failed, reason, restartedAfterS } = await watch(
    judge,
    settings.seconds,
    colour,
    (watched, beyond) => {
      if (watched.looks % PROGRESS_EVERY === 0) progress(progressLine(watched, settings, judge));
      breached = beyond;
      return beyond.length > 0;
    },
  );
  const figures = judge.summary().map((figure) => {
    const earlier = before.get(figure.limit);
    return earlier === undefined ? figure : { ...figure, before: earlier };
  });
  const seen: BakeRecord = { looks, failed, figures, unjudged: judge.unjudged() };
  if (breached.length > 0) return { ...seen, kind: "breached", breached };
  if (restartedAfterS !== undefined)
    return {
      ...seen,
      kind: "inconclusive",
      reason: `the server was restarted after ${restartedAfterS} s, and holds what its files held`,
    };
  if (failed > looks / 10)
    return { ...seen, kind: "inconclusive", reason: `${failed} of ${looks} looks failed (${reason})` };
  if (judge.awaitsLink)
    return {
      ...seen,
      kind: "inconclusive",
      reason: "the old colour's link was not up in any look, so it is not known whether it keeps up",
    };
  return { ...seen, kind: "passed" };
}

interface Watched {
  looks: number;
  /** Looks that gave no figures, and why the last of them did not. */
  failed: number;
  reason: string;
  /** When another process was found than the one that was to be watched, in seconds from the beginning. */
  restartedAfterS?: number;
}

/**
 * Looks once a second.
 * @param run ends it where another process answers; absent: whichever does
 * @param onLook is told what was beyond its limit three looks in a row; true ends it
 */
async function watch(
  judge: BakeJudge,
  seconds: number,
  { connect, run }: { connect: ConnectSubjects; run?: string },
  onLook: (watched: Watched, beyond: BakeFigure[]) => boolean,
): Promise<Watched> {
  const total = Math.max(1, Math.round((seconds * 1_000) / INTERVAL_MS));
  const watched: Watched = { looks: 0, failed: 0, reason: "" };
  const startedAt = performance.now();
  let subjects: BakeSubjects | undefined;
  try {
    while (watched.looks < total) {
      const begin = performance.now();
      watched.looks++;
      let beyond: BakeFigure[] = [];
      try {
        subjects ??= await connect();
        const sample = await takeSample(subjects);
        if (run !== undefined && sample.run !== run) {
          watched.restartedAfterS = Math.round((performance.now() - startedAt) / 1_000);
          break;
        }
        beyond = judge.judge(sample);
      } catch (error) {
        if (!(error instanceof RedisServerError)) throw error;
        watched.failed++;
        watched.reason = error.message;
        close(subjects);
        subjects = undefined;
      }
      if (onLook(watched, beyond)) break;
      // The rhythm of the looks is what the rates are measured by.
      if (watched.looks < total) await delay(Math.max(0, INTERVAL_MS - (performance.now() - begin)));
    }
  } finally {
    close(subjects);
  }
  return watched;
}

function progressLine({ looks, failed }: Watched, { seconds }: BakeSettings, judge: BakeJudge): string {
  const figures = judge.figures().map(({ name, value }) => `${name} ${rounded(value)}`);
  const missed = failed === 0 ? "" : `; ${failed} looks failed`;
  return `bake ${looks} of ${seconds} s: ${figures.join(", ")}${missed}`;
}

function close(subjects: BakeSubjects | undefined): void {
  for (const server of [subjects?.endpoint, subjects?.live, subjects?.standby]) server?.close();
}

/** The limits that were passed, for the message of the update that goes back. */
export function describeBreach(breached: readonly BakeFigure[]): string {
  return breached.map(describeFigure).join("; ");
}

/** `latency p50 in ms 0.2 (0.3 before), …`, of the figures that are known of both; empty where there is none. */
export function describeComparison(figures: readonly BakeSummary[]): string {
  return figures
    .flatMap(({ name, median, before }) =>
      before === undefined ? [] : [`${name} ${rounded(median)} (${rounded(before)} before)`],
    )
    .join(", ");
}
