import { Bridge, type BridgeSettings } from "../../components/engine/bridge/bridge.ts";
import { bridgeSourceRules, bridgeTargetRules } from "../../components/engine/bridge/aclRules.ts";
import { forgetCommands } from "../../components/engine/bridge/position.ts";
import type { TargetGate } from "../../components/engine/bridge/targetGate.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";
import { until } from "../../components/engine/until.ts";
import {
  compareDatasets,
  type DatasetComparison,
} from "../../components/engine/verification/compareDatasets.ts";
import { startServer, type TestServer } from "../support/testServer.ts";

const LOGIN = { username: "redis-bluegreen-bridge", password: "bridge-password-of-this-test" };

/** Two servers without a link between them, each with the bridge's user as it needs it. */
export interface BridgeScene {
  source: TestServer;
  target: TestServer;
  settings: BridgeSettings;
  stop(): Promise<void>;
}

export type Command = (string | number | Buffer)[];

export function versionOfImage(image: string): ServerVersion {
  const [name = "", version = ""] = image.split(":");
  return { product: name.startsWith("valkey") ? "valkey" : "redis", version };
}

export async function openScene(
  sourceImage: string,
  targetImage: string,
  ...config: string[]
): Promise<BridgeScene> {
  const user = (rules: string): string =>
    `user ${LOGIN.username} on >${LOGIN.password} ${rules.replaceAll("%", "%%")}`; // printf writes the file
  const [source, target] = await Promise.all([
    startServer(sourceImage, user(bridgeSourceRules(versionOfImage(sourceImage))), ...config),
    startServer(targetImage, user(bridgeTargetRules(versionOfImage(targetImage)))),
  ]);
  const settings = {
    source: { address: source.admin.address, login: LOGIN },
    target: { address: target.admin.address, login: LOGIN },
  };
  return {
    source,
    target,
    settings,
    async stop() {
      await Promise.all([source.stop(), target.stop()]);
    },
  };
}

/** The target was closed when the source stood where it stands now. */
export async function closedNow({ source }: BridgeScene): Promise<TargetGate> {
  const { replid, offset } = await source.admin.replication();
  return { look: () => Promise.resolve({ is: "closed", handedOver: { replid, offset } }) };
}

/** Closed, and nobody knows what it holds. */
export const CLOSED: TargetGate = { look: () => Promise.resolve({ is: "closed" }) };

/** Makes the source's backlog exist: only a server that had a replica keeps one. */
export async function keepBacklog({ source, settings }: BridgeScene): Promise<void> {
  const gate: TargetGate = { look: () => Promise.resolve({ is: "open" }) };
  const bridge = new Bridge(settings, { gate });
  const running = bridge.run();
  await until(
    async () =>
      (await source.admin.info("replication")).get("repl_backlog_active") === "1" ? true : undefined,
    {
      timeoutMs: 10_000,
      intervalMs: 10,
      what: "the source keeps a backlog",
    },
  );
  await bridge.stop();
  await running;
}

/** Starts a bridge and returns how to stop it. */
export function startBridge(
  scene: BridgeScene,
  gate: TargetGate,
): { bridge: Bridge; stop: () => Promise<void> } {
  const bridge = new Bridge(scene.settings, {
    gate,
    onEvent: (event, details) => {
      if (process.env["BRIDGE_DEBUG"]) console.log(event, JSON.stringify(details));
    },
  });
  const running = bridge.run();
  return {
    bridge,
    async stop() {
      await bridge.stop();
      await running;
    },
  };
}

/** Waits until the target has everything that the source has now. */
export async function caughtUp({ source }: BridgeScene, bridge: Bridge, timeoutMs = 20_000): Promise<void> {
  const { offset } = await source.admin.replication();
  const probe = (): Promise<true | undefined> => {
    const { state, position, staleKeys } = bridge.status();
    const there = state === "applying" && !position?.copying && (position?.confirmed.offset ?? 0) >= offset;
    return Promise.resolve(there && staleKeys === 0 ? true : undefined);
  };
  await until(probe, { timeoutMs, intervalMs: 10, what: `the bridge is at ${offset}` }).catch(
    (error: unknown) => {
      throw new Error(`${String(error)} ${JSON.stringify(bridge.status())}`);
    },
  );
}

/** Takes the bridge's notes away and compares everything. */
export async function compare({ source, target }: BridgeScene): Promise<DatasetComparison> {
  for (const [name, ...args] of forgetCommands(15)) await target.admin.call(String(name), ...args);
  return compareDatasets(source.admin, target.admin, {
    keys: "all",
    names: ["source", "target"],
    expiryToleranceMs: 5,
    settleTimeoutMs: 300,
  });
}
