import type { dynamic } from "@pulumi/pulumi";
import { COLOURS, otherColour, type Colour } from "../../engine/colour.ts";
import { isOpen } from "../../engine/deployment.ts";
import type { DeploymentTarget } from "../../engine/deploymentTarget.ts";
import { whileAwake } from "../../engine/whileAwake.ts";
import type { TrafficSwitchInputs, TrafficSwitchOutputs } from "../trafficSwitch.ts";
import { asksTheSame } from "./inputsDiff.ts";
import { hasUnknowns, plainError } from "./say.ts";
import { openSession, verdictFor, verdictText, type Intent, type Session } from "./session.ts";
import { planSwitch } from "./switchPlan.ts";
import { lookAtSwitch } from "./switchState.ts";

/** What the traffic switch's provider functions hand over to. What a preview doesn't need is loaded when it is needed. */
export const trafficSwitch = {
  async check(
    olds: Partial<TrafficSwitchOutputs>,
    news: TrafficSwitchInputs,
  ): Promise<dynamic.CheckResult<TrafficSwitchInputs>> {
    if (hasUnknowns(news)) return { inputs: news, failures: [] };
    try {
      const { plan, failures } = await withSession(both(olds, news), "look", (session) =>
        planSwitch(olds, news, session),
      );
      return { inputs: { ...news, plan }, failures };
    } catch (error) {
      return { inputs: news, failures: [{ property: "", reason: plainError(error).message }] };
    }
  },

  async diff(
    _id: string,
    olds: TrafficSwitchOutputs,
    news: TrafficSwitchInputs,
  ): Promise<dynamic.DiffResult> {
    if (hasUnknowns(news) || !asksTheSame(WANTED, olds, news)) return { changes: true };
    // A refresh may have seen what is over by now: then the state is what has to change.
    const known = olds.serving === news.live && olds.traffic === news.live;
    const found = await withSession(news, "look", (session) => lookAtSwitch(news, session));
    if (found === undefined) return { changes: !known };
    return { changes: !known || found.serving !== news.live || found.repairs.length > 0 };
  },

  async create(inputs: TrafficSwitchInputs): Promise<dynamic.CreateResult> {
    return { id: inputs.name, outs: await converge({}, inputs) };
  },

  async read(id: string, props: TrafficSwitchOutputs): Promise<dynamic.ReadResult> {
    const found = await withSession(props, "look", (session) => lookAtSwitch(props, session));
    return { id, props: { ...props, serving: found?.serving ?? "none", traffic: found?.traffic ?? "none" } };
  },

  async update(
    _id: string,
    olds: TrafficSwitchOutputs,
    news: TrafficSwitchInputs,
  ): Promise<dynamic.UpdateResult> {
    return { outs: await converge(olds, news) };
  },

  /** Traffic stays where it is; the data of the live colour is saved first, and only on the user's explicit word. */
  async delete(_id: string, props: TrafficSwitchOutputs): Promise<void> {
    if (!props.guardrails.allowDestroy) {
      throw plainError(
        `${props.pathPrefix}guardrails.allowDestroy is not true: the live colour ${props.live} is not removed. Set it, run pulumi up, then destroy`,
      );
    }
    await withSession(props, "change", async (session) => {
      // An update that failed late leaves a state that names the colour that served before.
      const open = COLOURS.filter((colour) => isOpenIn(session, colour));
      const { takeFinalBackup } = await import("./finalBackup.ts");
      for (const colour of new Set([props.live, ...open])) {
        const deployment = session.deployments[colour];
        if (deployment === undefined) {
          throw new Error(
            `${colour} does not answer (${session.unreachable[colour] ?? ""}), so its last backup can't be taken. Start it and run again; nothing was removed`,
          );
        }
        await whileAwake(Object.values(session.deployments), () => takeFinalBackup(deployment, props));
      }
    });
  },
};

function isOpenIn({ observed }: Session, colour: Colour): boolean {
  const state = observed[colour];
  return state !== undefined && isOpen(state);
}

/** The colours of both the old and the new inputs, by the new credentials. */
function both(olds: Partial<TrafficSwitchInputs>, news: TrafficSwitchInputs): TrafficSwitchInputs {
  const existing = { ...olds.credentials?.existing, ...news.credentials.existing };
  const merged: TrafficSwitchInputs = { ...news, credentials: { ...news.credentials, existing } };
  for (const colour of COLOURS) {
    const target = olds[colour];
    if (merged[colour] === undefined && target !== undefined) merged[colour] = target;
  }
  return merged;
}

async function withSession<T>(
  inputs: TrafficSwitchInputs,
  intent: Intent,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const targets: Partial<Record<Colour, DeploymentTarget>> = {};
  if (inputs.blue !== undefined) targets.blue = inputs.blue;
  if (inputs.green !== undefined) targets.green = inputs.green;
  let session: Session | undefined;
  try {
    session = await openSession(targets, inputs.credentials, intent);
    return await use(session);
  } catch (error) {
    throw plainError(error);
  } finally {
    session?.close();
  }
}

/** The inputs that ask for something; the plan is for people and decides nothing. */
const WANTED = [
  "name",
  "live",
  "blue",
  "green",
  "images",
  "memoryLimits",
  "runtime",
  "endpoint",
  "guardrails",
  "bake",
  "bridge",
  "rehearsal",
  "backupDirectory",
  "reportDirectory",
  "pathPrefix",
  "credentials",
] as const satisfies readonly (keyof TrafficSwitchInputs)[];

async function converge(
  olds: Partial<TrafficSwitchOutputs>,
  news: TrafficSwitchInputs,
): Promise<TrafficSwitchOutputs> {
  const { convergeSwitch, retireRemoved } = await import("./switchUpdate.ts");
  const report = await withSession(both(olds, news), "change", async (session) => {
    const retired = await retireRemoved(olds, news, session);
    const update = await convergeSwitch(olds, news, session);
    return update.report ?? retired.report ?? olds.report ?? "";
  });
  // A bake may have taken longer than a connection lasted.
  const rollback = await withSession(news, "look", (session) => rollbackText(news, session));
  return { ...news, serving: news.live, traffic: news.live, rollback, report };
}

async function rollbackText(news: TrafficSwitchInputs, session: Session): Promise<string> {
  const standbyColour = otherColour(news.live);
  if (news[standbyColour] === undefined) return "none: there is one colour only";
  const [live, standby] = [session.deployments[news.live], session.deployments[standbyColour]];
  if (live !== undefined && standby !== undefined) return verdictText(await verdictFor(standby, live, news));
  const silent = live === undefined ? news.live : standbyColour;
  return `unknown: ${silent} does not answer (${session.unreachable[silent] ?? ""})`;
}
