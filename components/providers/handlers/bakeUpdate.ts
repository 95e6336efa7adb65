import {
  bake,
  describeBreach,
  describeComparison,
  secondsBefore,
  watchBefore,
  type BakeOutcome,
  type FiguresBefore,
} from "../../engine/bake/bake.ts";
import type { Address } from "../../engine/address.ts";
import type { BakeSubjects } from "../../engine/bake/bakeSample.ts";
import { observeDeployment, operatorLogin, type Deployment } from "../../engine/deployment.ts";
import { isFed, noteRolledBack } from "../../engine/gate.ts";
import type { Haproxy } from "../../engine/haproxy.ts";
import { messageOf } from "../../engine/messageOf.ts";
import { RefusedError } from "../../engine/progress.ts";
import { RedisServer } from "../../engine/redisServer.ts";
import type { UpdateReport } from "../../engine/report/updateReport.ts";
import { whileAwake } from "../../engine/whileAwake.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { runCutover } from "./cutoverUpdate.ts";
import { makeLink } from "./makeLink.ts";
import { saveReport } from "./saveReport.ts";
import { say } from "./say.ts";

/** Watches the colour that is about to hand over, for the bake of the other one to be compared with. */
export async function watchBeforeCutover(
  live: Deployment,
  standby: Deployment,
  news: TrafficSwitchInputs,
): Promise<FiguresBefore> {
  if (news.bake.seconds === 0) return new Map();
  say(
    `bake: ${live.colour} is watched for ${secondsBefore(news.bake)} s before the cutover, to compare with`,
  );
  return whileAwake([live, standby], () =>
    watchBefore(news.bake, () => connectSubjects(live, undefined, news)),
  );
}

/**
 * Begins the bake again that an update was cut off in. The old colour may not follow yet, and is made to first; where it
 * can't, the new one is watched all the same.
 * @throws RefusedError as `bakeAfterCutover` does
 */
export async function bakeLeftOver(
  live: Deployment,
  standby: Deployment,
  traffic: Haproxy,
  news: TrafficSwitchInputs,
): Promise<void> {
  say(`bake: the update in which ${live.colour} became live was cut off; its bake begins again`);
  const { syncTimeoutMs } = news.guardrails;
  try {
    await makeLink(
      { ...news, live, standby },
      { credentials: news.credentials, syncTimeoutMs, reseed: false },
    );
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    say(`bake: without a way back, since ${messageOf(error)}`);
  }
  await bakeAfterCutover(live, standby, traffic, news, new Map());
}

/**
 * Watches the colour that has just become live, and goes back to the old one where a limit is passed.
 * @param before what the old one showed before the cutover
 * @throws RefusedError after going back, with the figures and how to try again
 */
export async function bakeAfterCutover(
  live: Deployment,
  standby: Deployment,
  traffic: Haproxy,
  news: TrafficSwitchInputs,
  before: FiguresBefore,
): Promise<void> {
  const { seconds } = news.bake;
  if (seconds === 0) return;
  const [old, now] = await Promise.all([observeDeployment(standby), observeDeployment(live)]);
  const follows = old.replication.role === "replica" || isFed(old.gate);
  say(`bake: ${live.colour} is watched for ${seconds} s`);
  const startedAt = new Date();
  const connect = () => connectSubjects(live, follows ? standby : undefined, news);
  const outcome = await whileAwake([live, standby], () =>
    bake(news.bake, { connect, run: now.gate.runId }, before, say),
  );
  const comparison = describeComparison(outcome.figures);
  if (comparison !== "") say(`bake: medians of ${live.colour}: ${comparison}`);
  const ends = {
    from: { colour: standby.colour, version: old.version },
    to: { colour: live.colour, version: now.version },
  };
  await reportBake(outcome, startedAt, ends, news);
  if (outcome.kind === "passed") {
    const { looks, unjudged } = outcome;
    const lacking = unjudged.length === 0 ? "" : `, too few for ${unjudged.join(", ")}`;
    say(`bake: passed, ${looks} looks at ${live.colour}${lacking}`);
  } else if (outcome.kind === "inconclusive") {
    say(
      `bake: inconclusive, ${outcome.reason}. ${live.colour} stays live; look at it, and go back with ${news.pathPrefix}live: ${standby.colour} where that is better`,
    );
  } else {
    await goBack(describeBreach(outcome.breached), follows, { live, standby, traffic, news });
  }
}

function reportBake(
  { kind, looks, failed, figures }: BakeOutcome,
  startedAt: Date,
  ends: Pick<UpdateReport, "from" | "to">,
  { name, reportDirectory }: TrafficSwitchInputs,
): Promise<string | undefined> {
  return saveReport(reportDirectory, {
    schemaVersion: 1,
    name,
    kind: "bake",
    ...ends,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    outcome: "done",
    phases: [],
    bake: { verdict: kind, looks, failed, figures },
  });
}

/**
 * The update's own connections are left for going back: where one of them has ended, so may this update's turn have, and
 * nothing is moved.
 */
async function connectSubjects(
  live: Deployment,
  standby: Deployment | undefined,
  { endpoint, credentials }: TrafficSwitchInputs,
): Promise<BakeSubjects> {
  const opened: RedisServer[] = [];
  const connect = async (address: Address, { target }: Deployment): Promise<RedisServer> => {
    const server = await RedisServer.connect(address, operatorLogin(target, credentials), 2_000);
    opened.push(server);
    return server;
  };
  const connectTo = (deployment: Deployment) => connect(deployment.target.primary.operator, deployment);
  try {
    return {
      live: await connectTo(live),
      ...(standby === undefined ? {} : { standby: await connectTo(standby) }),
      endpoint: await connect(endpoint, live),
    };
  } catch (error) {
    for (const server of opened) server.close();
    throw error;
  }
}

interface WayBack {
  live: Deployment;
  standby: Deployment;
  traffic: Haproxy;
  news: TrafficSwitchInputs;
}

async function goBack(breach: string, follows: boolean, way: WayBack): Promise<never> {
  const { live, standby, traffic, news } = way;
  const failed = `the bake of ${live.colour} failed: ${breach}`;
  if (!follows) {
    throw new RefusedError(
      `${failed}. ${standby.colour} does not follow it and could not come back without loss, so ${live.colour} stays live`,
    );
  }
  say(`${failed}. Going back to ${standby.colour}`);
  const id = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  try {
    await runCutover(live, standby, traffic, news, { rolledBack: id });
  } catch (error) {
    throw new RefusedError(
      `${failed}, and going back did not succeed: ${messageOf(error)}. pulumi up looks at both again and begins the bake anew`,
    );
  }
  // Before 6.2 it could not be noted while the colour was closed.
  await noteRolledBack(live.primary, id);
  throw new RefusedError(
    `${failed}. ${standby.colour} is live again, with every write that ${live.colour} took. Set ${news.pathPrefix}live: ${standby.colour}; or mend the cause and set ${news.pathPrefix}bake.retry: ${id} to try again`,
  );
}
