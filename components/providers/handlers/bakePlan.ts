import { secondsBefore } from "../../engine/bake/bake.ts";
import type { Colour } from "../../engine/colour.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";

/**
 * Whether an update that was cut off left a new live colour that nobody watched to the end: by the state the other colour
 * serves, by the servers this one. Says nothing where the wanted colour does not serve.
 */
export function isBakeLeftOver(olds: Partial<TrafficSwitchInputs>, news: TrafficSwitchInputs): boolean {
  if (olds.live === undefined || olds.live === news.live) return false;
  return news.bake.seconds > 0 && news[olds.live] !== undefined;
}

/** What comes before a cutover that is baked. */
export function beforeBakePlan(from: Colour, to: Colour, { bake }: TrafficSwitchInputs): string[] {
  if (bake.seconds === 0) return [];
  return [`watch ${from} for ${secondsBefore(bake)} s, to compare ${to} with`];
}

/** What comes after it. */
export function bakePlan(to: Colour, from: Colour, { bake: { seconds } }: TrafficSwitchInputs): string[] {
  if (seconds === 0) return [];
  return [
    `watch ${to} for ${seconds} s; where a limit of the bake is passed, cut over to ${from} again and fail`,
  ];
}
