import type { ReplicationLinkInputs } from "../../components/providers/replicationLink.ts";
import type { TrafficSwitchInputs, TrafficSwitchOutputs } from "../../components/providers/trafficSwitch.ts";
import { AskedProcess } from "./askedProcess.ts";

/** An update of the traffic switch, and then the link from the colour that it made live, as the engine asks for them. */
export interface SteppedRequest {
  type: "update";
  olds: TrafficSwitchOutputs;
  news: TrafficSwitchInputs;
  link: ReplicationLinkInputs;
  /** The process is killed as soon as this step has been answered; 1 is the first. Absent: it is not. */
  killAtStep?: number;
}

/** What changed a server or the proxy, in the order of the answers. */
export interface SteppedReply {
  type: "updated";
  steps: string[];
}

/**
 * Runs such an update in a process of its own, which may be killed after one of its steps.
 * @returns the steps, or undefined where it was killed
 * @throws Error where the update fails
 */
export async function updateInSteps(request: Omit<SteppedRequest, "type">): Promise<string[] | undefined> {
  const child = new AskedProcess<SteppedRequest, SteppedReply>(
    new URL("steppedUpdateProcess.ts", import.meta.url),
    "the update",
  );
  try {
    return (await child.ask({ type: "update", ...request }, "updated")).steps;
  } catch (error) {
    if (request.killAtStep !== undefined && String(error).includes("ended before it answered"))
      return undefined;
    throw error;
  } finally {
    child.kill();
  }
}
