import { ArmedLink } from "../../components/engine/bridge/armedLink.ts";
import type { Bridge, BridgeOptions, BridgeSettings } from "../../components/engine/bridge/bridge.ts";
import { bridgeSourceRules, bridgeTargetRules } from "../../components/engine/bridge/aclRules.ts";
import { forgetCommands, type HistoryPlace } from "../../components/engine/bridge/position.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";
import { until } from "../../components/engine/until.ts";
import {
  compareDatasets,
  type DatasetComparison,
} from "../../components/engine/verification/compareDatasets.ts";
import type { Colour } from "../../components/engine/colour.ts";
import { FED, HANDED_OVER } from "../../components/engine/handover.ts";
import { BRIDGE_USER, PROXY_USER } from "../../components/engine/users.ts";
import { runBridge } from "../support/bridgeBeside.ts";
import { startServer, type TestServer } from "../support/testServer.ts";

const LOGIN = { username: BRIDGE_USER, password: "bridge-password-of-this-test" };

/** Says what is to be done, whatever the servers' gates say. */
export type Decide = NonNullable<BridgeOptions["decide"]>;

/** Two servers without a link between them, each with the bridge's user as it needs it. Blue is the source. */
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
    blue: { address: source.admin.address, login: LOGIN },
    green: { address: target.admin.address, login: LOGIN },
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

/** Green is fed with what blue emits, from a place on, or from nothing that is known. */
export function feedGreen(handedOver?: HistoryPlace): Decide {
  return () => ({
    is: "feeding",
    source: "blue",
    target: "green",
    ...(handedOver === undefined ? {} : { handedOver }),
  });
}

/** The target was closed when the source stood where it stands now. */
export async function closedNow({ source }: BridgeScene): Promise<Decide> {
  const { replid, offset } = await source.admin.replication();
  return feedGreen({ replid, offset });
}

/** Closes a server to clients and lets the bridge write to it, as a cutover does. */
export async function feed(server: TestServer, image: string, handedOver?: HistoryPlace): Promise<void> {
  const { replid, offset } = handedOver ?? {};
  const note = replid === undefined ? [] : [`~${HANDED_OVER}${replid}:${offset ?? 0}`];
  await server.admin.transaction(
    [
      "ACL",
      "SETUSER",
      PROXY_USER,
      "reset",
      "off",
      "nopass",
      "-@all",
      "+ping",
      "+role",
      `~${FED}app`,
      ...note,
    ],
    [
      "ACL",
      "SETUSER",
      BRIDGE_USER,
      "resetkeys",
      ...words(`-@all ${bridgeTargetRules(versionOfImage(image))}`),
    ],
  );
}

/** Locks the bridge out and lets clients in, as a rollback does. */
export async function open(server: TestServer, image: string): Promise<void> {
  await server.admin.transaction(
    ...forgetCommands(15),
    ["ACL", "SETUSER", PROXY_USER, "reset", "on", "nopass", "-@all", "+ping", "+role"],
    [
      "ACL",
      "SETUSER",
      BRIDGE_USER,
      "resetkeys",
      ...words(`-@all ${bridgeSourceRules(versionOfImage(image))}`),
    ],
    ["CLIENT", "KILL", "USER", BRIDGE_USER],
  );
}

function words(rules: string): string[] {
  return rules.split(" ");
}

/** Makes a server's backlog exist: only one that had a replica keeps one. */
export async function keepBacklog({ settings }: BridgeScene, colour: Colour = "blue"): Promise<void> {
  (await ArmedLink.open(settings[colour])).close();
}

/** Starts a bridge and returns how to stop it. @param patienceMs for a target that doesn't answer; default: the bridge's own */
export function startBridge(
  scene: BridgeScene,
  decide?: Decide,
  patienceMs?: number,
): { bridge: Bridge; stop: () => Promise<void> } {
  return runBridge(scene.settings, {
    ...(decide === undefined ? {} : { decide }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
}

/** Has the source do commands, one after the other. */
export async function run({ source }: BridgeScene, ...commands: Command[]): Promise<void> {
  for (const [name, ...args] of commands) await source.admin.call(String(name), ...args);
}

/** Waits until the target has everything that the source has now. */
export async function caughtUp({ source }: BridgeScene, bridge: Bridge, timeoutMs = 60_000): Promise<void> {
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

const EVERYTHING = { keys: "all", names: ["source", "target"], expiryToleranceMs: 5 } as const;

/** Compares everything but what the bridge has noted, as a cutover does. */
export function compareAsNoted({ source, target }: BridgeScene): Promise<DatasetComparison> {
  return compareDatasets(source.admin, target.admin, { ...EVERYTHING, notesIn: 15 });
}

/** Takes the bridge's notes away and compares everything. */
export async function compare({ source, target }: BridgeScene): Promise<DatasetComparison> {
  for (const [name, ...args] of forgetCommands(15)) await target.admin.call(String(name), ...args);
  return compareDatasets(source.admin, target.admin, EVERYTHING);
}
