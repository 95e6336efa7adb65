import Docker from "dockerode";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import { until } from "../../components/engine/until.ts";
import { BRIDGE_USER } from "../../components/engine/users.ts";
import { Relay } from "../support/relay.ts";
import {
  caughtUp,
  closedNow,
  compare,
  feedGreen,
  keepBacklog,
  openScene,
  startBridge,
  type BridgeScene,
} from "./bridgeScene.ts";

/** Shorter than the bridge's own, so that a test needn't wait for that. */
const PATIENCE_MS = 3_000;

let scene: BridgeScene;

beforeEach(async () => {
  scene = await openScene("redis:8.0", "redis:7.0", "repl-diskless-sync-delay 0");
});

afterEach(async () => {
  await scene.stop();
});

async function count(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await scene.source.admin.call("INCR", "counter");
}

async function isThere(what: string, probe: (bridge: Bridge) => boolean, bridge: Bridge): Promise<void> {
  const found = (): Promise<true | undefined> => Promise.resolve(probe(bridge) ? true : undefined);
  await until(found, { timeoutMs: 60_000, intervalMs: 5, what });
}

it("begins again where its connection to the target ended while it waited for the source", async () => {
  const { source, target } = scene;
  await keepBacklog(scene);
  await count(5);
  // It waits that long for the stream, when it has read what the target holds already.
  await source.admin.configSet("repl-diskless-sync-delay", 4);
  const { bridge, stop } = startBridge(scene, feedGreen());
  const waits = async (): Promise<true | undefined> =>
    (await source.admin.replication()).replicas.some(({ state }) => state === "wait_bgsave") || undefined;
  await until(waits, { timeoutMs: 60_000, intervalMs: 5, what: "the bridge waits for the stream" });
  await target.admin.call("CLIENT", "KILL", "USER", BRIDGE_USER);
  await caughtUp(scene, bridge);
  await count(5);
  await caughtUp(scene, bridge);
  expect(bridge.figures.reconnects).toBe(1);
  await stop();
  expect((await compare(scene)).samples).toEqual([]);
});

/** The bridge reaches the target through a relay, to which something happens. */
async function outlives(
  disturb: (relay: Relay, bridge: Bridge) => void | Promise<void>,
  patienceMs?: number,
): Promise<void> {
  await keepBacklog(scene);
  const relay = await Relay.to(scene.target.admin.address);
  const { green } = scene.settings;
  const relayed = { ...scene, settings: { ...scene.settings, green: { ...green, address: relay.address } } };
  const { bridge, stop } = startBridge(relayed, await closedNow(scene), patienceMs);
  try {
    await count(5);
    await caughtUp(scene, bridge);
    await disturb(relay, bridge);
    await count(5);
    await caughtUp(scene, bridge);
    await stop();
  } finally {
    relay.close();
  }
  expect(await scene.target.admin.call("GET", "counter")).toBe("10");
  expect((await compare(scene)).samples).toEqual([]);
}

it("begins again where a connection gives no answer, although the target does", async () => {
  await outlives((relay) => {
    relay.hold();
  }, PATIENCE_MS);
});

it("begins again where it is told what it didn't ask for", async () => {
  await outlives(async (relay, bridge) => {
    relay.say("+OK\r\n");
    await isThere("it connects again", (one) => one.figures.reconnects > 0, bridge);
  });
});

it("says before it gives up that the target lacks something", async () => {
  await keepBacklog(scene);
  const { bridge, stop } = startBridge(scene, await closedNow(scene));
  await count(5);
  await caughtUp(scene, bridge);
  expect(bridge.status().lossless).toBe(true);
  await scene.target.admin.call("CLIENT", "PAUSE", 120_000, "ALL");
  await count(5);
  const lacks = (one: Bridge): boolean => one.status().state === "applying" && !one.status().lossless;
  await isThere("it lacks something", lacks, bridge);
  await stop();
});

it("says that it doesn't get through to a target that stands still, and goes on once that does", async () => {
  await keepBacklog(scene);
  const { bridge, stop } = startBridge(scene, await closedNow(scene), PATIENCE_MS);
  await count(5);
  await caughtUp(scene, bridge);
  expect(bridge.status().lossless).toBe(true);
  const container = new Docker().getContainer(scene.target.container.getId());
  await container.pause();
  try {
    await count(5);
    await isThere("it waits", (one) => one.status().state === "waiting", bridge);
    expect(bridge.status().lossless).toBe(false);
  } finally {
    await container.unpause();
  }
  await caughtUp(scene, bridge);
  await stop();
  expect(await scene.target.admin.call("GET", "counter")).toBe("10");
  expect((await compare(scene)).samples).toEqual([]);
});

it("says no longer that the target has everything when it can't see where the source is", async () => {
  await keepBacklog(scene);
  const { bridge, stop } = startBridge(scene, await closedNow(scene));
  await count(5);
  await caughtUp(scene, bridge);
  expect(bridge.status().lossless).toBe(true);
  const container = new Docker().getContainer(scene.source.container.getId());
  await container.pause();
  try {
    const unsure = (one: Bridge): boolean => one.status().state === "applying" && !one.status().lossless;
    await isThere("it is not sure", unsure, bridge);
  } finally {
    await container.unpause();
  }
  await isThere("it is sure again", (one) => one.status().lossless, bridge);
  await stop();
});
