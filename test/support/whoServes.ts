import { expect } from "vitest";
import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { appliedOffset } from "../../components/engine/feedProgress.ts";
import { readGate } from "../../components/engine/gate.ts";
import { until } from "../../components/engine/until.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import type { TestStack } from "./testStack.ts";

/** Waits until the standby's primary has every byte of the live one's, then expects every key to be the same. */
export async function expectEqualData(stack: TestStack, live: Colour): Promise<number> {
  return stack.withServer(live, (source) =>
    stack.withServer(otherColour(live), async (standby) => {
      const goal = (await source.replication()).offset;
      const isFed = (await readGate(standby)).fed !== undefined;
      const applied = async (): Promise<number> =>
        isFed ? ((await appliedOffset(standby)) ?? 0) : (await standby.replication()).offset;
      const reached = async (): Promise<true | undefined> => ((await applied()) >= goal ? true : undefined);
      await until(reached, { timeoutMs: 30_000, intervalMs: 50, what: "the standby has every byte" });
      const found = await compareDatasets(source, standby, {
        keys: "all",
        ...(isFed ? { appliedOffset: applied } : {}),
      });
      expect(found.samples).toEqual([]);
      return found.keysCompared;
    }),
  );
}

/** The `run_id` of the server that answers on a port of the endpoint. */
export async function whoAnswers(stack: TestStack, port: number): Promise<string> {
  const server = await stack.application(port);
  try {
    return (await server.info("server")).get("run_id") ?? "";
  } finally {
    server.close();
  }
}

/** The `run_id` of one of a colour's servers. */
export function identityOf(stack: TestStack, colour: Colour, index = 0): Promise<string> {
  return stack.withServer(colour, async (server) => (await server.info("server")).get("run_id") ?? "", index);
}

/** Waits until the read endpoint leads to a colour's replica; its checks run five times a second. */
export async function awaitReader(stack: TestStack, colour: Colour, index: number): Promise<void> {
  const wanted = await identityOf(stack, colour, index);
  const reached = async (): Promise<true | undefined> =>
    (await whoAnswers(stack, stack.ports.read).catch(() => "")) === wanted ? true : undefined;
  await until(reached, {
    timeoutMs: 15_000,
    intervalMs: 100,
    what: `the read endpoint leads to ${colour}'s server ${index}`,
  });
}
