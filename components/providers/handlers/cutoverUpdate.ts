import type { Colour } from "../../engine/colour.ts";
import { CutoverError, cutOver, type CutoverResult } from "../../engine/cutover/cutover.ts";
import type { Deployment } from "../../engine/deployment.ts";
import type { Haproxy } from "../../engine/haproxy.ts";
import { RefusedError } from "../../engine/progress.ts";
import type { UpdateReport } from "../../engine/report/updateReport.ts";
import { isOlder, type ServerVersion } from "../../engine/serverVersion.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { refuseWithoutEngine } from "./engineWatch.ts";
import { faultPoint } from "./faultPoint.ts";
import { backUp } from "./finalBackup.ts";
import { saveReport } from "./saveReport.ts";
import { say } from "./say.ts";
import { verdictFor } from "./session.ts";
import { formatFailure, preflight } from "./switchPlan.ts";
import type { SwitchUpdate } from "./switchUpdate.ts";

/**
 * Cuts over, tells the progress and writes the report, also of a cutover that fails.
 * @param options the report's kind, by default a rollback where `to` is the older one; and what `CutoverInput` has of it
 * @throws CutoverError as `cutOver` does
 */
export async function runCutover(
  from: Deployment,
  to: Deployment,
  traffic: Haproxy,
  news: TrafficSwitchInputs,
  { kind, rolledBack }: { kind?: UpdateReport["kind"]; rolledBack?: string } = {},
): Promise<SwitchUpdate> {
  const startedAt = new Date();
  const [fromVersion, toVersion] = await Promise.all([from.primary.version(), to.primary.version()]);
  const verdict = await verdictFor(from, to, news);
  const report = (result: CutoverResult, error?: CutoverError) =>
    reportCutover(
      news,
      { from, to, fromVersion, toVersion, startedAt, ...(kind === undefined ? {} : { kind }) },
      result,
      error,
    );
  try {
    const result = await cutOver({
      from,
      to,
      traffic,
      endpoint: news.endpoint,
      credentials: news.credentials,
      guardrails: news.guardrails,
      memoryLimits: news.memoryLimits,
      verdict,
      ...(rolledBack === undefined ? {} : { rolledBack }),
      preflight: () =>
        preflightAgain(from.colour, to.colour, news, kind === "rehearsal" && from.colour === news.live),
      backup: () => backUp(from, news),
      progress: say,
      onPhase: (phase) => {
        faultPoint(phase);
        refuseWithoutEngine(phase);
      },
    });
    const file = await report(result);
    return file === undefined ? {} : { report: file };
  } catch (error) {
    if (error instanceof CutoverError) await report(error.result, error);
    throw error;
  }
}

async function preflightAgain(
  from: Colour,
  to: Colour,
  news: TrafficSwitchInputs,
  comesBack: boolean,
): Promise<string> {
  const results = await preflight(from, to, news, { standbyDeployed: true, cutover: true, comesBack });
  const failed = results.filter((result) => result.outcome === "fail");
  if (failed.length > 0) throw new RefusedError(failed.map(formatFailure).join("; "));
  const warned = results.filter((result) => result.outcome === "warn").length;
  return `${results.length - warned} checks passed, ${warned} warned`;
}

interface CutoverFacts {
  from: Deployment;
  to: Deployment;
  fromVersion: ServerVersion;
  toVersion: ServerVersion;
  startedAt: Date;
  kind?: UpdateReport["kind"];
}

function reportCutover(
  news: TrafficSwitchInputs,
  facts: CutoverFacts,
  { phases, figures }: CutoverResult,
  error?: CutoverError,
): Promise<string | undefined> {
  const { writePauseMs, offset, connectionsMoved, backup, verdict, keysCompared, keysDifferent } = figures;
  return saveReport(news.reportDirectory, {
    schemaVersion: 1,
    name: news.name,
    kind: facts.kind ?? (isOlder(facts.toVersion, facts.fromVersion) ? "rollback" : "cutover"),
    from: { colour: facts.from.colour, version: facts.fromVersion },
    to: { colour: facts.to.colour, version: facts.toVersion },
    startedAt: facts.startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    outcome: error === undefined ? "done" : error.abandoned ? "abandoned" : "unfinished",
    phases,
    keysCompared,
    keysDifferent,
    verdict,
    ...(writePauseMs === undefined ? {} : { writePauseMs }),
    ...(offset === undefined ? {} : { offset }),
    ...(connectionsMoved === undefined ? {} : { connectionsMoved }),
    ...(backup === undefined ? {} : { backup }),
    ...(error === undefined ? {} : { error: error.message }),
  });
}
