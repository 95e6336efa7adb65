import type { Deployment } from "../deployment.ts";
import type { RedisServer } from "../redisServer.ts";
import { NO_TRAFFIC } from "../traffic.ts";
import type { CutoverInput } from "./cutoverInput.ts";
import type { CutoverSteps } from "./phases.ts";

/** Enough for the compiler of the JavaScript engine to have seen what is repeated; some 100 ms. */
const ROUNDS = 30;

/** What INFO answered on the old colour, by section. */
type Recording = Record<string, string>;

/**
 * Runs what runs while writes are held, before they are: the code against recorded answers, so that nothing reaches a
 * server, and the connections with a question. Code that runs for the first time in a process is compiled first:
 * the write pause was 13 to 20 ms without this and 8.5 to 10.5 from a process's third cutover on (Node 24, two cores).
 * @param steps makes the steps of a cutover of that input
 */
export async function warmUpPause(
  input: CutoverInput,
  steps: (input: CutoverInput) => CutoverSteps,
): Promise<void> {
  const { from, to } = input;
  await Promise.all([from, to].map(({ primary }) => primary.hasUsersFile()));
  await Promise.all([from, to].map(({ primary }) => primary.quicken()));
  const recording = {
    replication: String(await from.primary.call("INFO", "replication")),
    keyspace: String(await from.primary.call("INFO", "keyspace")),
  };
  const recorded = {
    ...input,
    from: recordedDeployment(from, recording),
    to: recordedDeployment(to, recording),
    traffic: NO_TRAFFIC,
  };
  for (let round = 0; round < ROUNDS; round++) {
    const { hold, "catch up": catchUp, fence, promote, switch: switchOver } = steps(recorded);
    for (const step of [hold, catchUp, fence, promote, switchOver]) await step();
    for (const { primary } of [from, to]) {
      await primary.transaction(["INFO", "replication"], ["INFO", "keyspace"]);
      await primary.call("INFO", "replication");
    }
  }
}

/** The deployment with a primary that answers INFO from the recording and everything else with `OK`. */
function recordedDeployment(deployment: Deployment, recording: Recording): Deployment {
  const answer = (name: unknown, section: unknown): unknown =>
    name === "INFO" ? recording[String(section)] : "OK";
  const primary = Object.assign(Object.create(deployment.primary) as RedisServer, {
    client: undefined,
    quick: undefined,
    call: (name: string, section?: unknown) => Promise.resolve(answer(name, section)),
    transaction: (...commands: unknown[][]) =>
      Promise.resolve(commands.map(([name, section]) => answer(name, section))),
  });
  return { ...deployment, primary };
}
