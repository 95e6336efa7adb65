import { setTimeout as delay } from "node:timers/promises";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import type { WorkloadResult } from "../../test/support/workload/messages.ts";
import { Workload } from "../../test/support/workload/workload.ts";
import type { DemoStack } from "./stack.ts";
import { oneDecimal, type Movement, type Run } from "./summary.ts";

/** What a run reports while it goes. */
export type Narrate = (text: string) => void;

/** How a run goes. */
export interface RunOptions {
  /** How long clients write on green. */
  seconds: number;
  signal: AbortSignal;
  narrate: Narrate;
  /** For what must be seen even where nothing else is shown. */
  warn: Narrate;
}

/** How long the standby may take for the last bytes, once clients have stopped. */
const CATCH_UP = { timeoutMs: 10_000, intervalMs: 10, what: "the standby has every byte" };

/**
 * Cuts over to green and back to blue with clients writing all the while, then audits. Blue is live and green in
 * sync before and after. Every write belongs to one of the two movements: to the rollback from its preview on.
 */
export async function runThereAndBack(stack: DemoStack, options: RunOptions): Promise<Run> {
  const { narrate, seconds, signal, warn } = options;
  const workload = await Workload.start({ endpoint: stack.endpoint });
  try {
    const { clients, ratePerClient } = workload.options;
    narrate(
      `${clients} clients write and read through the endpoint, ${clients * ratePerClient} operations a second`,
    );
    await workload.mark("cutover");
    const cutoverPauseMs = await move(stack, "green", narrate);
    narrate(`${seconds} s of writes on green`);
    await delay(seconds * 1_000, undefined, { signal });
    await workload.mark("rollback");
    const rollbackPauseMs = await move(stack, "blue", narrate);
    const audit = await workload.stop();
    narrate(describe(audit));
    if (audit.findings.length > 0) warn(["What clients met:", ...audit.findings].join("\n  "));
    const compared = await compareColours(stack);
    narrate(`Blue and green compared: ${compared.keysCompared} keys, ${compared.keysDifferent} different`);
    return {
      cutover: movement(audit, "cutover", cutoverPauseMs),
      rollback: movement(audit, "rollback", rollbackPauseMs),
      ...compared,
    };
  } finally {
    workload.kill();
  }
}

async function move(stack: DemoStack, to: "blue" | "green", narrate: Narrate): Promise<number> {
  narrate(to === "green" ? "Cutover: one config edit, a look, and go" : "Rollback: the same edit backwards");
  await stack.setLive(to);
  await stack.preview();
  await stack.up();
  return stack.lastWritePauseMs();
}

function movement(audit: WorkloadResult, window: string, writePauseMs: number): Movement {
  const counts = audit.windows[window];
  if (counts === undefined) throw new Error(`the workload has no window ${window}`);
  const { clientGapMs, acknowledgedWrites, lostWrites, repeatedWrites, clientErrors } = counts;
  return {
    writePauseMs: oneDecimal(writePauseMs),
    clientGapMs: oneDecimal(clientGapMs),
    acknowledgedWrites,
    lostWrites,
    repeatedWrites,
    clientErrors,
  };
}

function describe(audit: WorkloadResult): string {
  const { acknowledgedWrites, lostWrites, repeatedWrites, clientErrors } = audit.total;
  return `Audit: ${acknowledgedWrites} writes were acknowledged; ${lostWrites} lost, ${repeatedWrites} repeated, ${clientErrors} errors surfaced`;
}

/** Every key of both colours, with nobody writing. */
async function compareColours(stack: DemoStack): Promise<{ keysCompared: number; keysDifferent: number }> {
  const [live, standby] = await Promise.all(
    (["blue", "green"] as const).map((colour) => {
      const { address, login } = stack.operatorAccess(colour);
      return RedisServer.connect(address, login);
    }),
  );
  if (live === undefined || standby === undefined) throw new Error("a colour is missing");
  try {
    const { offset } = await live.replication();
    await until(async () => ((await standby.replication()).offset >= offset ? true : undefined), CATCH_UP);
    const { keysCompared, keysDifferent, keysUndecided } = await compareDatasets(live, standby, {
      keys: "all",
    });
    // Nobody writes any more: what can't be decided now isn't equal.
    return { keysCompared, keysDifferent: keysDifferent + keysUndecided };
  } finally {
    live.close();
    standby.close();
  }
}
