import { COLOURS, otherColour, type Colour } from "../../engine/colour.ts";
import { CutoverError, cutOver, type CutoverResult } from "../../engine/cutover/cutover.ts";
import { settle } from "../../engine/cutover/settle.ts";
import { situationOf } from "../../engine/cutover/serving.ts";
import { observeDeployment, type Deployment } from "../../engine/deployment.ts";
import { ensureLink, leftByCutOffCutover } from "../../engine/replicationLink.ts";
import { Haproxy } from "../../engine/haproxy.ts";
import { RefusedError } from "../../engine/progress.ts";
import { writeReport } from "../../engine/report/writeReport.ts";
import type { UpdateReport } from "../../engine/report/updateReport.ts";
import { compareVersions, type ServerVersion } from "../../engine/serverVersion.ts";
import { proveConfigWritable } from "../../engine/writableConfig.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { faultPoint } from "./faultPoint.ts";
import { backUp, takeFinalBackup } from "./finalBackup.ts";
import { inProjectFolder } from "./projectFolder.ts";
import { say } from "./say.ts";
import { verdictFor, type Session } from "./session.ts";
import { formatFailure, preflight } from "./switchPlan.ts";

/** What an update did; absent fields: nothing to tell. */
export interface SwitchUpdate {
  /** The report's file. */
  report?: string;
}

/** Copies and proves the colours that the update removes, before the engine deletes anything of them. */
export async function retireRemoved(
  olds: Partial<TrafficSwitchInputs>,
  news: TrafficSwitchInputs,
  session: Session,
): Promise<SwitchUpdate> {
  const removed = COLOURS.filter((colour) => news[colour] === undefined && olds[colour] !== undefined);
  let report: string | undefined;
  for (const colour of removed) {
    const deployment = session.deployments[colour];
    if (deployment === undefined) {
      throw new RefusedError(
        `${colour} does not answer (${session.unreachable[colour] ?? ""}), so its last backup can't be taken. Start it and run pulumi up again; nothing was removed`,
      );
    }
    const startedAt = new Date();
    const backup = await takeFinalBackup(deployment, { ...news, images: olds.images ?? {} });
    const version = await deployment.primary.version();
    const live = session.deployments[otherColour(colour)];
    report = await saveReport(news.reportDirectory, {
      schemaVersion: 1,
      name: news.name,
      kind: "retire",
      from: { colour, version },
      to: { colour: otherColour(colour), version: (await live?.primary.version()) ?? version },
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      outcome: "done",
      phases: [],
      backup: backup.file,
    });
  }
  return report === undefined ? {} : { report };
}

/** Settles what a killed update left, then cuts over if another colour is to be live. */
export async function convergeSwitch(news: TrafficSwitchInputs, session: Session): Promise<SwitchUpdate> {
  for (const [colour, reason] of Object.entries(session.unreachable)) {
    throw new RefusedError(
      `${colour} does not answer (${reason}). Start it and run pulumi up again; nothing was touched`,
    );
  }
  const traffic = new Haproxy(news.runtime);
  const situation = situationOf(session.observed, news.live);
  const deployed = Object.values(session.deployments);
  // A lone colour that is opened for the first time; what a cut-off cutover left is settled before anything is written.
  if (situation.kind === "reopen" && deployed.length === 1) await proveConfigsWritable(deployed, news);
  const serving = await settle(situation, {
    deployments: session.deployments,
    traffic,
    credentials: news.credentials,
    progress: say,
  });
  if (serving === news.live) return {};
  const [from, to] = [session.deployments[serving], session.deployments[news.live]];
  if (from === undefined || to === undefined) throw new RefusedError(`${news.live} is not deployed`);
  await proveConfigsWritable(deployed, news);
  await relinkLeftover(from, to, news);
  return runCutover(from, to, traffic, news);
}

async function proveConfigsWritable(deployed: Deployment[], news: TrafficSwitchInputs): Promise<void> {
  for (const deployment of deployed) await proveConfigWritable(deployment, news.pathPrefix);
}

/** A colour that a killed cutover promoted without opening it has to follow again before it can be cut over to. */
async function relinkLeftover(from: Deployment, to: Deployment, news: TrafficSwitchInputs): Promise<void> {
  const [live, standby] = await Promise.all([observeDeployment(from), observeDeployment(to)]);
  if (standby.replication.role === "replica") return;
  if (!leftByCutOffCutover(live, standby)) {
    throw new RefusedError(
      `${to.colour} follows nobody since it was left behind, and lacks what ${from.colour} has taken since: it is not made live`,
    );
  }
  await ensureLink({
    live: from,
    standby: to,
    credentials: news.credentials,
    syncTimeoutMs: news.guardrails.syncTimeoutMs,
    reseed: false,
    pathPrefix: news.pathPrefix,
    progress: say,
  });
}

async function runCutover(
  from: Deployment,
  to: Deployment,
  traffic: Haproxy,
  news: TrafficSwitchInputs,
): Promise<SwitchUpdate> {
  const startedAt = new Date();
  const [fromVersion, toVersion] = await Promise.all([from.primary.version(), to.primary.version()]);
  const verdict = await verdictFor(from, to, news.pathPrefix);
  const report = (result: CutoverResult, error?: CutoverError) =>
    reportCutover(news, { from, to, fromVersion, toVersion, startedAt }, result, error);
  try {
    const result = await cutOver({
      from,
      to,
      traffic,
      endpoint: news.endpoint,
      credentials: news.credentials,
      guardrails: news.guardrails,
      verdict,
      preflight: () => preflightAgain(from.colour, to.colour, news),
      backup: async () => {
        const backup = await backUp(from, news);
        return `${backup.file}, ${backup.bytes} bytes`;
      },
      progress: say,
      onPhase: faultPoint,
    });
    const file = await report(result);
    say(`report: ${file}`);
    return { report: file };
  } catch (error) {
    if (error instanceof CutoverError) say(`report: ${await report(error.result, error)}`);
    throw error;
  }
}

async function preflightAgain(from: Colour, to: Colour, news: TrafficSwitchInputs): Promise<string> {
  const results = await preflight(from, to, news, { standbyDeployed: true, cutover: true });
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
}

function reportCutover(
  news: TrafficSwitchInputs,
  facts: CutoverFacts,
  { phases, figures }: CutoverResult,
  error?: CutoverError,
): Promise<string> {
  const { writePauseMs, offset, connectionsMoved, backup, verdict, keysCompared, keysDifferent } = figures;
  return saveReport(news.reportDirectory, {
    schemaVersion: 1,
    name: news.name,
    kind: compareVersions(facts.toVersion.version, facts.fromVersion.version) < 0 ? "rollback" : "cutover",
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
    ...(offset === undefined ? {} : { offsets: { old: offset, new: offset } }),
    ...(connectionsMoved === undefined ? {} : { connectionsMoved }),
    ...(backup === undefined ? {} : { backup }),
    ...(error === undefined ? {} : { error: error.message }),
  });
}

/** @returns the JSON file; its Markdown twin stands beside it */
async function saveReport(directory: string, report: UpdateReport): Promise<string> {
  return (await writeReport(inProjectFolder(directory), report)).json;
}
