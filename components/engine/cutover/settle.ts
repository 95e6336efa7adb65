import type { Colour } from "../colour.ts";
import type { Credentials } from "../credentials.ts";
import { observeDeployment, type Deployment, type DeploymentState } from "../deployment.ts";
import { openCommands, closeCommands } from "../gate.ts";
import type { Progress } from "../progress.ts";
import { setRaised } from "../selfDescribing.ts";
import type { Traffic } from "../traffic.ts";
import { resumeWrites } from "./pause.ts";
import { moveReaders } from "./readers.ts";
import type { Situation } from "./serving.ts";

/** What settling works with; a colour that isn't deployed is absent. */
export interface SettleInput {
  deployments: Partial<Record<Colour, Deployment>>;
  traffic: Traffic;
  credentials: Credentials;
  progress: Progress;
}

/**
 * Brings what a killed cutover left behind to one open colour with clients on it, without moving `live` any further
 * than the servers already went. Idempotent: nothing happens where nothing is left behind.
 * @returns the colour that serves
 */
export async function settle(situation: Situation, input: SettleInput): Promise<Colour> {
  const serving = situation.kind === "serving" ? situation.colour : openColour(situation);
  const deployment = input.deployments[serving];
  if (deployment === undefined) throw new Error(`${serving} serves but is not connected`);
  if (situation.kind === "finish") {
    const from = input.deployments[situation.from];
    if (from !== undefined) await persistClosed(from);
    input.progress(
      `a cutover was cut off after ${situation.from} was closed: finishing it, ${serving} is opened`,
    );
  }
  if (situation.kind === "reopen") {
    input.progress(`a cutover was cut off before its point of no return: ${serving} is opened again`);
  }
  await open(deployment);
  await tidy(input, serving);
  return serving;
}

function openColour(situation: Exclude<Situation, { kind: "serving" }>): Colour {
  return situation.kind === "finish" ? situation.to : situation.from;
}

async function persistClosed(deployment: Deployment): Promise<void> {
  const { gate } = await observeDeployment(deployment);
  await deployment.primary.transaction(...closeCommands(gate));
  await deployment.primary.configRewrite();
}

async function open(deployment: Deployment): Promise<void> {
  const state: DeploymentState = await observeDeployment(deployment);
  if (state.gate.proxyOn && !state.gate.fenced) return;
  await deployment.primary.transaction(...openCommands(state.gate));
  await deployment.primary.configRewrite();
}

/** Ends holds and pauses, restores what was raised for a cutover, and sends clients and readers to the live colour. */
async function tidy(input: SettleInput, serving: Colour): Promise<void> {
  for (const deployment of Object.values(input.deployments)) {
    const version = await deployment.primary.version();
    await setRaised(deployment.primary, "repl-ping-replica-period", false);
    await resumeWrites(deployment.primary, version.version);
  }
  const live = input.deployments[serving];
  const state = await input.traffic.observe();
  if (state.held.length > 0) await Promise.all(state.held.map((colour) => input.traffic.release(colour)));
  if (state.target !== serving) await input.traffic.move(serving);
  if (live === undefined) return;
  const standby = Object.values(input.deployments).find((deployment) => deployment.colour !== serving);
  await moveReaders(standby?.target, live.target, input.credentials);
}
