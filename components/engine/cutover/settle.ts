import { otherColour, type Colour } from "../colour.ts";
import type { Credentials } from "../credentials.ts";
import { observeDeployment, type Deployment } from "../deployment.ts";
import { disarmTripwire } from "../follow.ts";
import { fenceCommands, isFed, openCommands, persistClosed, readGate } from "../gate.ts";
import { LEFT_BEHIND, type TakeOver } from "../handover.ts";
import type { Progress } from "../progress.ts";
import { setRaised } from "../selfDescribing.ts";
import type { Traffic } from "../traffic.ts";
import { unpauseCommands } from "../pause.ts";
import { PROXY_USER } from "../users.ts";
import { moveReaders } from "./readers.ts";
import { compareDatasets, describeSamples } from "../verification/compareDatasets.ts";
import { whileAwake } from "../whileAwake.ts";
import { refuse, type Situation } from "./serving.ts";

/** What settling works with; a colour that isn't deployed is absent. */
export interface SettleInput {
  deployments: Partial<Record<Colour, Deployment>>;
  traffic: Traffic;
  credentials: Credentials;
  /** No other colour is wanted beside the one that serves: nothing is kept for a standby. */
  lone: boolean;
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
  let tookOver: TakeOver | undefined;
  if (situation.kind === "finish") {
    if (situation.ifEqual) tookOver = await proveEqual(situation, input);
    const from = input.deployments[situation.from];
    if (from !== undefined) await keepAway(from);
    input.progress(
      `a cutover was cut off after ${situation.from} was closed: finishing it, ${serving} is opened`,
    );
  }
  if (situation.kind === "reopen") {
    input.progress(`no colour is open to clients: ${serving} is opened`);
  }
  await open(deployment, tookOver);
  // An update that died right after the opening left a file that says closed: its next restart would shut clients out.
  if (situation.kind === "serving") await deployment.primary.configRewrite();
  await hideStandby(input, serving);
  await tidy(input, serving);
  return serving;
}

/**
 * Both are closed, so that what is equal now stays so.
 * @returns how the history of `to` goes on from that of `from`, where that says how it ended
 * @throws RefusedError where any key differs
 */
async function proveEqual(
  { from, to }: { from: Colour; to: Colour },
  input: SettleInput,
): Promise<TakeOver | undefined> {
  const [old, next] = [input.deployments[from], input.deployments[to]];
  if (old === undefined || next === undefined) throw new Error(`${from} or ${to} is not connected`);
  input.progress(`${to} was restarted before it was known to serve: every key is compared with ${from}`);
  const { keysCompared, keysDifferent, keysUndecided, samples } = await whileAwake([old, next], () =>
    compareDatasets(old.primary, next.primary, { keys: "all" }),
  );
  if (keysDifferent + keysUndecided > 0) {
    refuse(
      `${to} was restarted before it was known to serve: ${keysDifferent + keysUndecided} of ${keysCompared} keys are not as on ${from}: ${describeSamples(samples)}`,
    );
  }
  const [{ handedOver }, { runId }, { replid, offset }] = await Promise.all([
    readGate(old.primary),
    readGate(next.primary),
    next.primary.replication(),
  ]);
  return handedOver && { of: handedOver, at: { replid, offset }, run: runId };
}

function openColour(situation: Exclude<Situation, { kind: "serving" }>): Colour {
  return situation.kind === "finish" ? situation.to : situation.from;
}

/**
 * Notes that the other colour is opened now: the driver of the cutover may only have stood still, and would open this one
 * when it goes on. Leaves the pause as it is: the link that follows ends it together with what would move the offset.
 */
async function keepAway({ primary }: Deployment): Promise<void> {
  const gate = await readGate(primary);
  await persistClosed(primary, gate, gate.handedOver, LEFT_BEHIND);
}

async function open(deployment: Deployment, tookOver: TakeOver | undefined): Promise<void> {
  const { gate, version } = await observeDeployment(deployment);
  const { primary } = deployment;
  if (gate.proxyOn && !gate.fenced) {
    for (const [name, ...args] of unpauseCommands(version.version)) await primary.call(String(name), ...args);
    return;
  }
  await primary.transaction(
    ...openCommands(tookOver === undefined ? gate : { ...gate, tookOver }),
    ...unpauseCommands(version.version),
  );
  await primary.configRewrite();
}

/** A standby that somebody opened halfway: promoted with the proxy let in, it would get clients beside the live one. */
async function hideStandby({ deployments, progress }: SettleInput, serving: Colour): Promise<void> {
  const standby = deployments[otherColour(serving)];
  if (standby === undefined) return;
  const gate = await readGate(standby.primary);
  if (!gate.proxyOn) return;
  // Its notes can only be read once its user is off.
  await standby.primary.transaction(
    ["ACL", "SETUSER", PROXY_USER, "off"],
    ["CLIENT", "KILL", "USER", PROXY_USER],
  );
  const hidden = await readGate(standby.primary);
  if (!isFed(hidden)) await standby.primary.transaction(...fenceCommands(hidden));
  await standby.primary.configRewrite();
  progress(`${standby.colour} is not live: the proxy is kept away from it`);
}

/** Restores what was raised for a cutover, and sends clients and readers to the live colour. */
async function tidy(input: SettleInput, serving: Colour): Promise<void> {
  for (const { primary, colour } of Object.values(input.deployments)) {
    // A closed primary must not send as much as a PING before it follows again: its link lives on its offset. One that is fed
    // writes what the bridge brings.
    if (
      colour !== serving &&
      (await primary.replication()).role === "master" &&
      !isFed(await readGate(primary))
    )
      continue;
    if (await setRaised(primary, "repl-ping-replica-period", false)) await primary.configRewrite();
  }
  const live = input.deployments[serving];
  const state = await input.traffic.observe();
  if (state.target !== serving) await input.traffic.move(otherColour(serving), serving);
  if (live === undefined) return;
  const standby = Object.values(input.deployments).find((deployment) => deployment.colour !== serving);
  // Replicas that came to be since then would wait for their copy as the standby does; and where there is none, the
  // backlog takes memory for nobody.
  if (live.target.replicas.length > 0 || input.lone) await disarmTripwire(live);
  await moveReaders(standby?.target, live.target, input.credentials);
}
