import { COLOURS, otherColour, type Colour } from "../../components/engine/colour.ts";
import { readGate } from "../../components/engine/gate.ts";
import { until } from "../../components/engine/until.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import { compareStandby, placeOf } from "../../test/support/standbyData.ts";
import type { TestStack } from "../../test/support/testStack.ts";

const LINK_MS = 20_000;
const ANSWER_MS = 20_000;

/** The one colour that takes clients' writes; undefined where that is neither, or both. */
export async function openColour(stack: TestStack): Promise<Colour | undefined> {
  const isOpen = await Promise.all(
    COLOURS.map((colour) =>
      stack
        .withServer(colour, async (server) => {
          const [gate, { role }] = await Promise.all([readGate(server), server.replication()]);
          return role === "master" && gate.proxyOn && !gate.fenced;
        })
        .catch(() => false),
    ),
  );
  const open = COLOURS.filter((_, i) => isOpen[i]);
  return open.length === 1 ? open[0] : undefined;
}

/** Role, history and gate of both colours, in words. */
export async function stateOf(stack: TestStack): Promise<string[]> {
  return Promise.all(
    COLOURS.map((colour) =>
      stack
        .withServer(colour, async (server) => {
          const [gate, state] = await Promise.all([readGate(server), server.replication()]);
          return `${colour}: ${JSON.stringify({ ...state, gate })}`;
        })
        .catch((error: unknown) => `${colour}: ${String(error)}`),
    ),
  );
}

/** Waits until both colours answer the operator again. */
export async function awaitAnswers(stack: TestStack): Promise<void> {
  const answers = async (): Promise<true> => {
    for (const colour of COLOURS) await stack.withServer(colour, (server) => server.info("server"));
    return true;
  };
  await until(() => answers().catch(() => undefined), {
    timeoutMs: ANSWER_MS,
    intervalMs: 50,
    what: "both colours answer",
  });
}

/** Whether the standby of `live` follows, or comes to follow soon. */
export async function isLinked(stack: TestStack, live: Colour, timeoutMs = LINK_MS): Promise<boolean> {
  const isUp = async (): Promise<true | undefined> => {
    const place = await stack.withServer(otherColour(live), placeOf);
    const goal = await stack.withServer(live, (server) => server.replication());
    return place?.replid === goal.replid ? true : undefined;
  };
  return until(() => isUp().catch(() => undefined), {
    timeoutMs,
    intervalMs: 50,
    what: "the standby follows",
  }).catch(() => false);
}

/** Keys that differ between the colours when the standby has every byte; nobody may be writing. */
export async function differences(stack: TestStack, live: Colour): Promise<string[]> {
  const { samples } = await compareStandby(stack, live, LINK_MS);
  return samples.map(({ database, key, reason }) => `db${database} ${key}: ${reason}`);
}

/**
 * Whether one colour holds what the other lacks: the only excuse for not going on without the operator. Looks once,
 * since there is no link that would make them equal.
 * @throws Error where it could not be seen, which excuses nothing
 */
export async function wouldLose(stack: TestStack): Promise<boolean> {
  await awaitAnswers(stack);
  return stack.withServer("blue", (blue) =>
    stack.withServer("green", async (green) => {
      const { keysDifferent, keysUndecided } = await compareDatasets(blue, green, {
        keys: "all",
        settleTimeoutMs: 1_000,
      });
      return keysDifferent + keysUndecided > 0;
    }),
  );
}

/** Whether a stack's output `rollback` says that a backup is the only way back, so that the standby has no link. */
export function isBackupOnly(rollback: string): boolean {
  return rollback.startsWith("backup only");
}
