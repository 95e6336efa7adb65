import { setTimeout as delay } from "node:timers/promises";
import type { Progress } from "../progress.ts";
import { RedisServerError } from "../redisServer.ts";
import { BakeJudge, describeFigure, type BakeFigure, type BakeSummary } from "./bakeJudge.ts";
import { takeSample, type BakeSubjects } from "./bakeSample.ts";
import type { BakeSettings } from "./bakeSettings.ts";

/** How a bake ended, and what was seen. */
export type BakeOutcome = BakeRecord &
  (
    | { kind: "passed" }
    /** Limits that were passed three looks in a row: a reason to go back. */
    | { kind: "breached"; breached: BakeFigure[] }
    /** The figures could not be had often enough to say anything: no reason to go back, and none to be content. */
    | { kind: "inconclusive"; reason: string }
  );

/** What was seen. */
export interface BakeRecord {
  /** How often it was looked; once a second. */
  looks: number;
  /** Looks that gave no figures. */
  failed: number;
  figures: BakeSummary[];
}

const INTERVAL_MS = 1_000;
const PROGRESS_EVERY = 15;

/**
 * Watches a colour that has just become live.
 * @param connect opens what is looked at, again after a look failed
 */
export async function bake(
  settings: BakeSettings,
  connect: () => Promise<BakeSubjects>,
  progress: Progress,
): Promise<BakeOutcome> {
  const judge = new BakeJudge(settings);
  const total = Math.max(1, Math.round((settings.seconds * 1_000) / INTERVAL_MS));
  let subjects: BakeSubjects | undefined;
  let looks = 0;
  let failed = 0;
  const seen = (): BakeRecord => ({ looks, failed, figures: judge.summary() });
  let reason = "";
  try {
    while (looks < total) {
      const begin = performance.now();
      looks++;
      try {
        subjects ??= await connect();
        const breached = judge.judge(await takeSample(subjects));
        if (breached.length > 0) return { ...seen(), kind: "breached", breached };
      } catch (error) {
        if (!(error instanceof RedisServerError)) throw error;
        failed++;
        reason = error.message;
        close(subjects);
        subjects = undefined;
      }
      if (looks % PROGRESS_EVERY === 0) progress(progressLine(looks, total, judge, failed));
      // The rhythm of the looks is what the rates are measured by.
      if (looks < total) await delay(Math.max(0, INTERVAL_MS - (performance.now() - begin)));
    }
  } finally {
    close(subjects);
  }
  if (failed > total / 10) return { ...seen(), kind: "inconclusive", reason };
  return { ...seen(), kind: "passed" };
}

function progressLine(look: number, total: number, judge: BakeJudge, failed: number): string {
  const figures = judge.figures().map(({ name, value }) => `${name} ${Math.round(value * 10) / 10}`);
  const missed = failed === 0 ? "" : `; ${failed} looks failed`;
  return `bake ${look} of ${total} s: ${figures.join(", ")}${missed}`;
}

/** Only the endpoint's connection was opened for the bake. */
function close(subjects: BakeSubjects | undefined): void {
  subjects?.endpoint.close();
}

/** The limits that were passed, for the message of the update that goes back. */
export function describeBreach(breached: readonly BakeFigure[]): string {
  return breached.map(describeFigure).join("; ");
}
