import { COLOURS, otherColour, type Colour } from "../../engine/colour.ts";
import { planCutover } from "../../engine/cutover/dryRunCutover.ts";
import { situationOf, type Situation } from "../../engine/cutover/serving.ts";
import type { PreflightInput } from "../../engine/preflight/facts.ts";
import { runPreflight } from "../../engine/preflight/runPreflight.ts";
import { formatCheck, type CheckResult } from "../../engine/preflight/checkResult.ts";
import { Haproxy } from "../../engine/haproxy.ts";
import { isFed } from "../../engine/gate.ts";
import { pausesWritesOnly } from "../../engine/pause.ts";
import { followRefusal, leftByCutOffCutover } from "../../engine/replicationLink.ts";
import { formatVersion } from "../../engine/serverVersion.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { standbyVerb } from "./linkCarriage.ts";
import { bakePlan, beforeBakePlan, isBakeLeftOver } from "./bakePlan.ts";
import { isRehearsalDue, planRehearsal } from "./rehearsalPlan.ts";
import { say } from "./say.ts";
import { verdictFor, verdictText, withLogin, type Session } from "./session.ts";
import { lookAtSwitch } from "./switchState.ts";

/** What an update of the switch will do, and what speaks against it. */
export interface SwitchPlan {
  plan: string[];
  /** Without a property each: the engine would print its value before the reason. */
  failures: { property: ""; reason: string }[];
}

const NOTHING: SwitchPlan = { plan: [], failures: [] };

/**
 * Looks at the servers and says what the update will do: lines for a person as it goes, sentences for the diff, and
 * failures that stop the update before anything is touched.
 */
export async function planSwitch(
  olds: Partial<TrafficSwitchInputs>,
  news: TrafficSwitchInputs,
  session: Session,
): Promise<SwitchPlan> {
  const added = COLOURS.filter((colour) => news[colour] !== undefined && olds[colour] === undefined);
  const removed = COLOURS.filter((colour) => news[colour] === undefined && olds[colour] !== undefined);
  const deployed = COLOURS.filter((colour) => olds[colour] !== undefined);
  const rehearsal = isRehearsalDue(olds, news);
  if (rehearsal && (deployed.length < COLOURS.length || removed.length > 0))
    return planRehearsal(false, news, session);
  if (deployed.length === 0) return auditExisting(news);
  const silent = deployed.filter((colour) => session.unreachable[colour] !== undefined);
  if (silent.length > 0 && (olds.live !== news.live || removed.length > 0)) {
    return { plan: [], failures: silent.map((colour) => unreachableFailure(colour, session, news)) };
  }
  for (const colour of silent) say(`warn  ${colour} does not answer: ${session.unreachable[colour] ?? ""}`);
  if (silent.length > 0) return NOTHING;

  const situation = situationOf(session.observed, news.live);
  const serving = servingAfterSettling(situation);
  const settling = settlingPlan(situation);
  if (removed.includes(serving)) {
    const reason = `${news.pathPrefix}${serving}: ${serving} serves the clients now and can't be removed. Put it back; to retire it, first make ${otherColour(serving)} live`;
    return { plan: [], failures: [{ property: "", reason }] };
  }
  if (removed.length > 0) return { plan: [...settling, ...retirePlan(removed, olds, news)], failures: [] };
  if (serving !== news.live) {
    const cutover = await planCutoverTo(news.live, serving, settling, news, session);
    return rehearsal ? joined(cutover, await planRehearsal(true, news, session)) : cutover;
  }
  if (rehearsal) return planRehearsalAlone(serving, settling, news, session);
  const standby = otherColour(serving);
  if (added.includes(standby)) await announceStandby(serving, standby, news);
  const found = situation.kind === "serving" ? await lookAtSwitch(news, session) : undefined;
  const baking = isBakeLeftOver(olds, news) ? bakePlan(serving, standby, news) : [];
  return { plan: [...settling, ...(found?.repairs ?? []), ...baking], failures: [] };
}

function joined(a: SwitchPlan, b: SwitchPlan): SwitchPlan {
  return { plan: [...a.plan, ...b.plan], failures: [...a.failures, ...b.failures] };
}

/** A rehearsal of a colour that serves already: the checks are those of a cutover away from it. */
async function planRehearsalAlone(
  live: Colour,
  settling: string[],
  news: TrafficSwitchInputs,
  session: Session,
): Promise<SwitchPlan> {
  const failures = await failedChecks(live, otherColour(live), settling, news, true);
  const rehearsal = await planRehearsal(true, news, session);
  say("plan:", ...settling, ...rehearsal.plan);
  return joined({ plan: settling, failures }, rehearsal);
}

/** Before a server that exists already becomes the live colour, it is looked at as before a cutover. */
async function auditExisting(news: TrafficSwitchInputs): Promise<SwitchPlan> {
  if (news[news.live]?.external !== true) return NOTHING;
  const results = await preflight(news.live, otherColour(news.live), news, {
    standbyDeployed: false,
    cutover: false,
  });
  say("preflight:", ...results.map(formatCheck));
  const failed = results.filter(({ outcome }) => outcome === "fail");
  return {
    plan: [`open ${news.live}, an existing server, to the proxy; nothing else of it is changed`],
    failures: failed.map((result) => ({
      property: "",
      reason: `${news.pathPrefix}${news.live}: ${formatFailure(result)}`,
    })),
  };
}

function servingAfterSettling(situation: Situation): Colour {
  return situation.kind === "serving"
    ? situation.colour
    : situation.kind === "finish"
      ? situation.to
      : situation.from;
}

function settlingPlan(situation: Situation): string[] {
  if (situation.kind === "serving") return [];
  if (situation.kind === "finish") {
    const { from, to, ifEqual } = situation;
    const proof = ifEqual ? [`compare every key of ${to}, which was restarted, with ${from}`] : [];
    return [...proof, `finish the cutover that was cut off: open ${to} to clients`];
  }
  return [`open ${situation.from} to clients: no colour is`];
}

function unreachableFailure(
  colour: Colour,
  session: Session,
  news: TrafficSwitchInputs,
): SwitchPlan["failures"][0] {
  return {
    property: "",
    reason: `${news.pathPrefix}${colour}: ${colour} does not answer (${session.unreachable[colour] ?? ""}). Start it, or undo the change of config, and try again; nothing was touched`,
  };
}

function retirePlan(
  removed: Colour[],
  olds: Partial<TrafficSwitchInputs>,
  news: TrafficSwitchInputs,
): string[] {
  return removed.flatMap((colour) => [
    `copy ${colour} a last time, as an RDB file in ${news.backupDirectory}, ${olds.images?.[colour] === undefined ? "checksum verified" : "and load it into a throw-away server to prove it"}`,
    `only then remove ${colour}; volumes stay on disk, an existing server is left running`,
    `rollback to ${colour} ends here`,
  ]);
}

async function announceStandby(serving: Colour, standby: Colour, news: TrafficSwitchInputs): Promise<void> {
  const results = await preflight(serving, standby, news, { standbyDeployed: false, cutover: false });
  say("preflight:", ...results.map(formatCheck));
}

async function planCutoverTo(
  to: Colour,
  from: Colour,
  settling: string[],
  news: TrafficSwitchInputs,
  session: Session,
): Promise<SwitchPlan> {
  const [old, next] = [session.deployments[from], session.deployments[to]];
  if (old === undefined || next === undefined) return NOTHING;
  const leftAgain = session.observed[to]?.gate.rolledBack;
  if (leftAgain !== undefined && leftAgain !== news.bake.retry) {
    const reason = `${news.pathPrefix}live: ${to} was left again (${leftAgain}) because its bake failed, and is not tried again by itself. Set it to ${from}; or mend the cause and set ${news.pathPrefix}bake.retry: ${leftAgain}`;
    return { plan: [], failures: [{ property: "", reason }] };
  }
  const verdict = await verdictFor(old, next, news);
  say(
    `cutover ${from} (${formatVersion(await old.primary.version())}) -> ${to} (${formatVersion(await next.primary.version())})`,
  );
  const first = [...settling, ...relinkPlan(from, to, news, session)];
  const failures = await failedChecks(from, to, first, news);
  say(`rollback after this cutover: ${verdictText(verdict)}`);
  say(`expected write pause: ${expectedPause((await old.primary.version()).version)}`);
  const plan = await planCutover({
    from,
    to,
    verb: await standbyVerb({ ...news, live: old, standby: next }),
    verdict,
    guardrails: news.guardrails,
    backupDirectory: news.backupDirectory,
  });
  const whole = [...first, ...beforeBakePlan(from, to, news), ...plan, ...bakePlan(to, from, news)];
  say("plan:", ...whole);
  return { plan: whole, failures };
}

/** As measured on two cores, servers and clients together: `ownPauseMs` in bench/results/peers.json. */
function expectedPause(oldVersion: string): string {
  return pausesWritesOnly(oldVersion)
    ? "some 10 ms (4 to 204 measured in 180 cutovers); clients wait, none is refused; their connecting again comes on top"
    : "150 to 200 ms, since it can't hold writes alone; clients wait";
}

/** A colour that a cut-off cutover promoted without opening it follows again first; where it can't, the checks fail. */
function relinkPlan(
  from: Colour,
  to: Colour,
  { pathPrefix }: TrafficSwitchInputs,
  { observed }: Session,
): string[] {
  const [live, standby] = [observed[from], observed[to]];
  if (live === undefined || standby?.replication.role !== "master" || isFed(standby.gate)) return [];
  if (!leftByCutOffCutover(live, standby)) return [];
  const refusal = followRefusal(
    { colour: from, state: live },
    { colour: to, state: standby },
    { reseed: false, pathPrefix, translated: standby.gate.fed !== undefined },
  );
  return refusal === undefined
    ? [`make ${to} follow ${from} again, which it left without taking any write`]
    : [];
}

/** Nothing can be told of a cutover's start before what a cut-off one left is settled; the cutover checks again itself. */
async function failedChecks(
  from: Colour,
  to: Colour,
  first: string[],
  news: TrafficSwitchInputs,
  comesBack = false,
): Promise<SwitchPlan["failures"]> {
  if (first.length > 0) {
    say("preflight: runs when what a cut-off update left behind is settled");
    return [];
  }
  const results = await preflight(from, to, news, { standbyDeployed: true, cutover: true, comesBack });
  say("preflight:", ...results.map(formatCheck));
  return results
    .filter((r) => r.outcome === "fail")
    .map((r) => ({ property: "" as const, reason: formatFailure(r) }));
}

/** Runs the checks. */
export async function preflight(
  live: Colour,
  standby: Colour,
  news: TrafficSwitchInputs,
  mode: Pick<PreflightInput, "standbyDeployed" | "cutover" | "comesBack">,
): Promise<CheckResult[]> {
  const [liveTarget, standbyTarget] = [news[live], news[standby]];
  if (liveTarget === undefined) return [];
  const traffic = await new Haproxy(news.runtime).observeIfUp();
  const results = await runPreflight({
    live: withLogin(liveTarget, news.credentials),
    ...(standbyTarget === undefined ? {} : { standby: withLogin(standbyTarget, news.credentials) }),
    ...mode,
    credentials: news.credentials,
    guardrails: news.guardrails,
    pathPrefix: news.pathPrefix,
    memoryLimits: news.memoryLimits,
    ...(news.bridge === undefined ? {} : { bridge: news.bridge }),
    ...(traffic === undefined ? {} : { proxySessions: traffic.sessions[live] }),
  });
  return results;
}

/** A failed check as the reason why the update stops. */
export function formatFailure(result: CheckResult): string {
  const cure =
    result.cure === undefined ? "" : `. ${result.cure.charAt(0).toUpperCase()}${result.cure.slice(1)}`;
  return `${result.name}: ${result.figure}${cure}`;
}
