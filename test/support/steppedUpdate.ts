import type { TrafficSwitchInputs, TrafficSwitchOutputs } from "../../components/providers/trafficSwitch.ts";
import { AskedProcess } from "./askedProcess.ts";

/** An update of the traffic switch, as the engine asks for it. */
export interface SteppedRequest {
  type: "update";
  olds: TrafficSwitchOutputs;
  news: TrafficSwitchInputs;
  /** The process is killed as soon as this step has been answered; 1 is the first. Absent: it is not. */
  killAtStep?: number;
}

/** What changed a server or the proxy, in the order of the answers. */
export interface SteppedReply {
  type: "updated";
  steps: string[];
}

/**
 * Runs an update of the traffic switch in a process of its own, which is killed after one of its steps.
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
