import { ensureLink, leaveAlone, refuseUnlessStandby, type LinkInput } from "../../engine/replicationLink.ts";
import { whileAwake } from "../../engine/whileAwake.ts";
import { awaitBridge, carriageOf, type LinkEnds } from "./linkCarriage.ts";
import { say } from "./say.ts";

/** What a link is made with beside its ends. */
export type LinkSettings = Pick<LinkInput, "credentials" | "syncTimeoutMs" | "reseed">;

/** What a link is, for state and outputs. */
export interface LinkOutcome {
  /** `none` where the standby can't get the live colour's writes without loss, and keeps its data. */
  status: string;
  /** What a rollback is, with the reason. */
  rollback: string;
}

/**
 * Has the standby get what the live colour takes, by whichever carrier there is, and waits until it has everything.
 * @throws RefusedError, DeadlineError as `ensureLink` does
 */
export async function makeLink(ends: LinkEnds, settings: LinkSettings): Promise<LinkOutcome> {
  const { carrier, rollback, anew } = await carriageOf({ ...ends, reseed: settings.reseed });
  if (carrier === "none") {
    await refuseUnlessStandby(ends.live, ends.standby);
    await leaveAlone(ends.standby);
    say(`no rollback link: ${rollback}; ${ends.standby.colour} keeps its data and follows nobody`);
    return { status: "none", rollback };
  }
  const translated = carrier === "bridge";
  if (translated) await whileAwake([ends.live, ends.standby], () => awaitBridge(ends));
  await ensureLink({ ...ends, ...settings, translated, anew, progress: say });
  return { status: "up", rollback };
}
