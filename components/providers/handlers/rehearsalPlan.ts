import { otherColour } from "../../engine/colour.ts";
import { losesWrites } from "../../engine/compatibility/rollbackVerdict.ts";
import { planCutover } from "../../engine/cutover/dryRunCutover.ts";
import type { Deployment } from "../../engine/deployment.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { standbyVerb } from "./linkCarriage.ts";
import { verdictFor, type Session } from "./session.ts";
import type { SwitchPlan } from "./switchPlan.ts";

/** Whether this update is the one in which the rehearsal is new. */
export function isRehearsalDue(
  olds: Pick<Partial<TrafficSwitchInputs>, "rehearsal">,
  news: Pick<TrafficSwitchInputs, "rehearsal">,
): boolean {
  return news.rehearsal !== undefined && news.rehearsal !== olds.rehearsal;
}

/** What a rehearsal will do, and what speaks against it before anything is known of the servers' state. */
export async function planRehearsal(
  standbyDeployed: boolean,
  news: TrafficSwitchInputs,
  session: Session,
): Promise<SwitchPlan> {
  const { live, pathPrefix } = news;
  const standby = otherColour(live);
  const [from, to] = [session.deployments[live], session.deployments[standby]];
  const refuse = (reason: string): SwitchPlan => ({
    plan: [],
    failures: [{ property: "", reason: `${pathPrefix}rehearsal: ${reason}` }],
  });
  if (!standbyDeployed || from === undefined || to === undefined) {
    return refuse(
      `there is no ${standby} in sync to go to and come back from. Remove the rehearsal, run pulumi up with both colours, and set it then`,
    );
  }
  const verdict = await verdictFor(from, to, news);
  if (losesWrites(verdict)) {
    return refuse(
      `${live} could not come back from ${standby} without loss: ${verdict.reason}. Remove the rehearsal`,
    );
  }
  const leg = async (title: string, a: Deployment, b: Deployment): Promise<string[]> => {
    const { guardrails, backupDirectory } = news;
    const verb = await standbyVerb({ ...news, live: a, standby: b });
    const ends = { from: a.colour, to: b.colour };
    const plan = await planCutover({ ...ends, verb, verdict, guardrails, backupDirectory });
    return plan.map((line) => `rehearsal, ${title}: ${line.trim()}`);
  };
  return {
    plan: [...(await leg("there", from, to)), ...(await leg("back", to, from))],
    failures: [],
  };
}
