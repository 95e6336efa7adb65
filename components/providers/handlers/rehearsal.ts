import type { Deployment } from "../../engine/deployment.ts";
import type { Haproxy } from "../../engine/haproxy.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { runCutover } from "./cutoverUpdate.ts";
import { say } from "./say.ts";
import type { SwitchUpdate } from "./switchUpdate.ts";

/**
 * Cuts over from the live colour to the standby and back, as a rollback and a new cutover would. Where either fails it is
 * abandoned like any cutover, and the next update makes the wanted colour live again.
 */
export async function rehearse(
  live: Deployment,
  standby: Deployment,
  traffic: Haproxy,
  news: TrafficSwitchInputs,
): Promise<SwitchUpdate> {
  say(`rehearsal ${news.rehearsal ?? ""}: ${live.colour} -> ${standby.colour}`);
  await runCutover(live, standby, traffic, news, { kind: "rehearsal" });
  say(`rehearsal ${news.rehearsal ?? ""}: ${standby.colour} -> ${live.colour}`);
  const update = await runCutover(standby, live, traffic, news, { kind: "rehearsal" });
  say(`rehearsal ${news.rehearsal ?? ""}: done, ${live.colour} serves again with every write`);
  return update;
}
