import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import { observeDeployment, isOpen } from "../../components/engine/deployment.ts";
import { ensureLink } from "../../components/engine/replicationLink.ts";
import { until } from "../../components/engine/until.ts";
import {
  bearServer,
  CREDENTIALS,
  cutoverOf,
  deploymentOf,
  openToClients,
  type BornServer,
} from "../support/bornServer.ts";
import { bridgeSettings, runBridge } from "../support/bridgeBeside.ts";

let blue: BornServer;
let green: BornServer;
let bridge: Bridge;
let stopBridge: () => Promise<void>;

beforeAll(async () => {
  [blue, green] = await Promise.all([
    bearServer("blue", { product: "redis", version: "8.0" }),
    bearServer("green", { product: "redis", version: "7.0" }),
  ]);
  await openToClients(blue);
  ({ bridge, stop: stopBridge } = runBridge(bridgeSettings({ blue, green })));
});

afterAll(async () => {
  await stopBridge();
  await Promise.all([blue.stop(), green.stop()]);
});

/** Without the checks before it, which would find what is written here as if after them. */
async function cutOverUnchecked(): Promise<void> {
  await cutOver({
    ...cutoverOf(deploymentOf(blue), deploymentOf(green)),
    verdict: { kind: "lossless (translated)", reason: "", warnings: [] },
    endpoint: green.target.primary.operator,
  });
}

async function opened(server: BornServer): Promise<boolean> {
  return isOpen(await observeDeployment(deploymentOf(server)));
}

test("what has no form on the new colour and was written after the checks is not lost unasked", async () => {
  await ensureLink({
    live: deploymentOf(blue),
    standby: deploymentOf(green),
    credentials: CREDENTIALS,
    syncTimeoutMs: 60_000,
    reseed: false,
    translated: true,
    pathPrefix: "",
    progress: () => undefined,
  });
  await blue.admin.call("HSET", "hash", "field", "1");
  await blue.admin.call("HPEXPIRE", "hash", 3_600_000, "FIELDS", 1, "field");
  await until(() => Promise.resolve(Object.keys(bridge.status().unrepresentable).length > 0 || undefined), {
    timeoutMs: 60_000,
    intervalMs: 20,
    what: "the bridge names it",
  });

  await expect(cutOverUnchecked()).rejects.toThrow(
    /green has no form for: data of 1 key, written after the checks; pulumi preview names it/,
  );
  expect([await opened(blue), await opened(green)]).toEqual([true, false]);
  expect(await blue.admin.call("SET", "key", "1")).toBe("OK");
});
