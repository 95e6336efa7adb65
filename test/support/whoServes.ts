import { expect } from "vitest";
import type { Colour } from "../../components/engine/colour.ts";
import { until } from "../../components/engine/until.ts";
import { compareStandby } from "./standbyData.ts";
import type { TestStack } from "./testStack.ts";

/** For what has to come in the end, however busy the machine is. Milliseconds. */
const PATIENCE_MS = 60_000;

/** Waits until the standby's primary has every byte of the live one's, then expects every key to be the same. */
export async function expectEqualData(stack: TestStack, live: Colour): Promise<number> {
  const found = await compareStandby(stack, live);
  expect(found.samples).toEqual([]);
  return found.keysCompared;
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

/** Waits until the write endpoint leads to a colour whose server or whose proxy was just started. */
export async function awaitWriter(stack: TestStack, colour: Colour): Promise<void> {
  const options = { timeoutMs: PATIENCE_MS, intervalMs: 100, what: `the write endpoint leads to ${colour}` };
  await until(async () => {
    const [answers, wanted] = await Promise.all([
      whoAnswers(stack, stack.ports.write),
      identityOf(stack, colour),
    ]).catch(() => ["", undefined]);
    return answers === wanted ? true : undefined;
  }, options);
}

/** Waits until the read endpoint leads to a colour's replica; its checks run five times a second. */
export async function awaitReader(stack: TestStack, colour: Colour, index: number): Promise<void> {
  const wanted = await identityOf(stack, colour, index);
  const reached = async (): Promise<true | undefined> =>
    (await whoAnswers(stack, stack.ports.read).catch(() => "")) === wanted ? true : undefined;
  await until(reached, {
    timeoutMs: PATIENCE_MS,
    intervalMs: 100,
    what: `the read endpoint leads to ${colour}'s server ${index}`,
  });
}
