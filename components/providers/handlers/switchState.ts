import { COLOURS, otherColour, type Colour } from "../../engine/colour.ts";
import { unreadReplicas } from "../../engine/cutover/readers.ts";
import { isOpen } from "../../engine/deployment.ts";
import { Haproxy } from "../../engine/haproxy.ts";
import { readRaised } from "../../engine/selfDescribing.ts";
import { PROXY_USER } from "../../engine/users.ts";
import type { TrafficState } from "../../engine/traffic.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import type { Session } from "./session.ts";

/** What a look at servers and proxy found. */
export interface SwitchState {
  /** The one colour that is open to clients; none also where both are. */
  serving: Colour | "none";
  /** The one colour that the proxy sends writers to; none also where it is both. */
  traffic: Colour | "none";
  /** What a killed cutover or somebody's hand left behind, each as what an update does about it. */
  repairs: string[];
}

/** Looks at servers and proxy; undefined where a colour doesn't answer, which is for `check` to tell. */
export async function lookAtSwitch(
  inputs: Pick<TrafficSwitchInputs, "runtime" | "credentials">,
  session: Session,
): Promise<SwitchState | undefined> {
  if (Object.keys(session.unreachable).length > 0) return undefined;
  const open = COLOURS.filter((colour) => {
    const state = session.observed[colour];
    return state !== undefined && isOpen(state);
  });
  const observed = await new Haproxy(inputs.runtime).observeIfUp();
  const serving = open.length === 1 && open[0] !== undefined ? open[0] : "none";
  const traffic = observed?.target ?? "none";
  const repairs =
    serving === "none" ? [] : [...misledTraffic(serving, observed), ...strayGate(serving, session)];
  const readers = serving === "none" ? [] : await missedReaders(serving, inputs, session);
  return { serving, traffic, repairs: [...repairs, ...readers, ...(await raisedSettings(session))] };
}

function misledTraffic(serving: Colour, traffic: TrafficState | undefined): string[] {
  if (traffic === undefined) {
    return [
      `send clients to ${serving}: the proxy does not answer; pulumi refresh and pulumi up start it again`,
    ];
  }
  if (traffic.target === serving) return [];
  const found = traffic.target === undefined ? "to no colour or to both" : `to ${traffic.target}`;
  return [`send clients to ${serving} again: the proxy sends them ${found}`];
}

/** A standby that lets the proxy in would get clients the moment it is promoted, before the old colour is closed. */
function strayGate(serving: Colour, session: Session): string[] {
  const standby = otherColour(serving);
  if (session.observed[standby]?.gate.proxyOn !== true) return [];
  return [`keep the proxy away from ${standby}: its user ${PROXY_USER} is on`];
}

/** Replicas that were still being copied to when the last update looked. */
async function missedReaders(
  serving: Colour,
  { credentials }: Pick<TrafficSwitchInputs, "credentials">,
  session: Session,
): Promise<string[]> {
  const live = session.deployments[serving];
  const unread = live === undefined ? [] : await unreadReplicas(live.target, credentials);
  return unread.map((address) => `send readers to the replica ${address} of ${serving}: it is in sync`);
}

async function raisedSettings(session: Session): Promise<string[]> {
  const name = "repl-ping-replica-period";
  const found = await Promise.all(
    Object.values(session.deployments).map(async ({ colour, primary }) => {
      const { raised, original } = readRaised((await primary.configGet(name)).get(name));
      return raised ? [`set ${name} of ${colour} back to ${original}, which a cutover raised`] : [];
    }),
  );
  return found.flat();
}
