import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import type * as Comparison from "../../components/engine/verification/compareDatasets.ts";
import {
  bearPair,
  CREDENTIALS,
  cutoverOf,
  deploymentOf,
  followUntilUp,
  type BornServer,
} from "../support/bornServer.ts";

/** By how much the clock of this process is ahead, in milliseconds. */
const clock = vi.hoisted(() => ({ ahead: 0 }));

vi.mock(import("../../components/engine/verification/compareDatasets.ts"), async (importOriginal) => {
  const original: typeof Comparison = await importOriginal();
  return {
    ...original,
    compareDatasets: async (...args: Parameters<typeof original.compareDatasets>) => {
      const result = await original.compareDatasets(...args);
      clock.ahead += DEFAULT_GUARDRAILS.cutoverTimeoutMs;
      return result;
    },
  };
});

let blue: BornServer;
let green: BornServer;

beforeEach(async () => {
  [blue, green] = await bearPair();
  await followUntilUp(green, blue);
  clock.ahead = 0;
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + clock.ahead);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([blue.stop(), green.stop()]);
});

test.each([
  { verifyKeys: "all" as const, outcome: "is made however long the comparison of all keys takes" },
  { verifyKeys: 10, outcome: "is abandoned where a few keys take longer than the whole may" },
])("a cutover $outcome", async ({ verifyKeys }) => {
  await blue.admin.call("SET", "key", "value");
  // Abandoned, it ends its own.
  const [from, to] = await Promise.all([blue.as(CREDENTIALS.operator), green.as(CREDENTIALS.operator)]);
  const cutover = cutOver({
    ...cutoverOf(deploymentOf(blue, from), deploymentOf(green, to)),
    endpoint: green.target.primary.operator,
    guardrails: { ...DEFAULT_GUARDRAILS, verifyKeys },
  });
  if (verifyKeys === "all") await cutover;
  else await expect(cutover).rejects.toThrow(/abandoned: the cutover took longer than 120000 ms/);
  const open = await Promise.all([blue, green].map((born) => observeDeployment(deploymentOf(born))));
  expect(open.map(isOpen)).toEqual([verifyKeys !== "all", verifyKeys === "all"]);
  for (const server of [from, to]) server.close();
});
