import { COLOURS, otherColour } from "../../engine/colour.ts";
import { settle } from "../../engine/cutover/settle.ts";
import { situationOf } from "../../engine/cutover/serving.ts";
import { observeDeployment, type Deployment } from "../../engine/deployment.ts";
import { isFed } from "../../engine/gate.ts";
import { ensureLink, leftByCutOffCutover } from "../../engine/replicationLink.ts";
import { Haproxy } from "../../engine/haproxy.ts";
import { RefusedError } from "../../engine/progress.ts";
import { whileAwake } from "../../engine/whileAwake.ts";
import { proveConfigWritable } from "../../engine/writableConfig.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { isBakeLeftOver } from "./bakePlan.ts";
import { bakeAfterCutover, bakeLeftOver, watchBeforeCutover } from "./bakeUpdate.ts";
import { runCutover } from "./cutoverUpdate.ts";
import { takeFinalBackup } from "./finalBackup.ts";
import { rehearse } from "./rehearsal.ts";
import { isRehearsalDue } from "./rehearsalPlan.ts";
import { saveReport } from "./saveReport.ts";
import { say } from "./say.ts";
import type { Session } from "./session.ts";

/** How long a proxy may take to start, or to start again. Milliseconds. */
const PROXY_STARTS_MS = 10_000;

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
    const backup = await whileAwake(Object.values(session.deployments), () =>
      takeFinalBackup(deployment, { ...news, images: olds.images ?? {} }),
    );
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

/**
 * Settles what a killed update left, cuts over if another colour is to be live, rehearses if asked, and bakes a colour that
 * became live now or in an update that was cut off.
 */
export async function convergeSwitch(
  olds: Partial<TrafficSwitchInputs>,
  news: TrafficSwitchInputs,
  session: Session,
): Promise<SwitchUpdate> {
  for (const [colour, reason] of Object.entries(session.unreachable)) {
    throw new RefusedError(
      `${colour} does not answer (${reason}). Start it and run pulumi up again; nothing was touched`,
    );
  }
  const traffic = new Haproxy(news.runtime, { patienceMs: PROXY_STARTS_MS });
  const situation = situationOf(session.observed, news.live);
  const deployed = Object.values(session.deployments);
  // A lone colour that is opened for the first time; what a cut-off cutover left is settled before anything is written.
  if (situation.kind === "reopen" && deployed.length === 1) await proveConfigsWritable(deployed, news);
  const serving = await settle(situation, {
    deployments: session.deployments,
    traffic,
    credentials: news.credentials,
    lone: COLOURS.some((colour) => news[colour] === undefined),
    progress: say,
  });
  const rehearsal = isRehearsalDue(olds, news);
  const leftOver = serving === news.live && isBakeLeftOver(olds, news);
  if (serving === news.live && !rehearsal && !leftOver) return {};
  const [live, standby] = [session.deployments[news.live], session.deployments[otherColour(news.live)]];
  if (live === undefined || standby === undefined) {
    throw new RefusedError(`${live === undefined ? news.live : otherColour(news.live)} is not deployed`);
  }
  await proveConfigsWritable(deployed, news);
  if (serving === news.live) {
    const rehearsed = rehearsal ? await rehearse(live, standby, traffic, news) : {};
    if (leftOver) await bakeLeftOver(live, standby, traffic, news);
    return rehearsed;
  }
  await relinkLeftover(standby, live, news);
  const before = await watchBeforeCutover(standby, live, news);
  const cutover = await runCutover(standby, live, traffic, news);
  const update = rehearsal ? await rehearse(live, standby, traffic, news) : cutover;
  await bakeAfterCutover(live, standby, traffic, news, before);
  return update;
}

async function proveConfigsWritable(deployed: Deployment[], news: TrafficSwitchInputs): Promise<void> {
  for (const deployment of deployed) await proveConfigWritable(deployment, news.pathPrefix);
}

/** A colour that a killed cutover promoted without opening it has to follow again before it can be cut over to. */
async function relinkLeftover(from: Deployment, to: Deployment, news: TrafficSwitchInputs): Promise<void> {
  const [live, standby] = await Promise.all([observeDeployment(from), observeDeployment(to)]);
  if (standby.replication.role === "replica" || isFed(standby.gate)) return;
  if (!leftByCutOffCutover(live, standby)) {
    throw new RefusedError(
      `${to.colour} follows nobody since it was left behind, and lacks what ${from.colour} has taken since: it is not made live, and ${from.colour} serves on. Set ${news.pathPrefix}live: ${from.colour} and run pulumi up, which links ${to.colour} again where that can be, or says why not`,
    );
  }
  await ensureLink({
    live: from,
    standby: to,
    credentials: news.credentials,
    syncTimeoutMs: news.guardrails.syncTimeoutMs,
    reseed: false,
    translated: standby.gate.fed !== undefined,
    pathPrefix: news.pathPrefix,
    progress: say,
  });
}
