import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import { progressCommands, progressIn } from "../../components/engine/fed.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import type { TestServer } from "../support/testServer.ts";
import { BridgeProcess } from "../support/bridgeProcess.ts";
import { compare, feed, keepBacklog, open, openScene, startBridge, type BridgeScene } from "./bridgeScene.ts";

const DEADLINE_MS = 60_000;
const OWN = ["position", "batches", "stale", "unrepresentable"].map((name) => `redis-bluegreen:${name}`);

/** Waits until the bridge is in a state, between these colours. */
async function turned(bridge: Bridge, wanted: Record<string, unknown>): Promise<void> {
  const probe = (): Promise<true | undefined> => {
    const status = { ...bridge.status() } as Record<string, unknown>;
    return Promise.resolve(
      Object.entries(wanted).every(([name, value]) => status[name] === value) ? true : undefined,
    );
  };
  await until(probe, { timeoutMs: DEADLINE_MS, intervalMs: 1, what: JSON.stringify(wanted) }).catch(() => {
    throw new Error(`${JSON.stringify(wanted)} is not ${JSON.stringify(bridge.status())}`);
  });
}

/** Waits, as a cutover does, until the target's own key says that all up to `offset` took effect and was looked at. */
async function confirmed(target: RedisServer, offset: number): Promise<void> {
  const probe = async (): Promise<true | undefined> => {
    const { progress } = progressIn(await target.transaction(...progressCommands(15)));
    if (progress === undefined) return undefined;
    const { position, staleKeys } = progress;
    const there = position.confirmed.offset >= offset && position.applied.offset >= offset;
    return there && staleKeys === 0 && !position.copying ? true : undefined;
  };
  await until(probe, { timeoutMs: DEADLINE_MS, intervalMs: 0, what: `the target is confirmed at ${offset}` });
}

describe.each([
  ["redis:7.0", "redis:6.0"],
  ["redis:8.0", "redis:7.0"],
])("a bridge between %s and %s", (blueImage, greenImage) => {
  let scene: BridgeScene;
  const place = async ({ admin }: TestServer): Promise<{ replid: string; offset: number }> => {
    const { replid, offset } = await admin.replication();
    return { replid, offset };
  };
  const write = async ({ admin }: TestServer, round: number): Promise<void> => {
    for (let i = 0; i < 50; i++) {
      await admin.call("INCR", `counter:${i % 5}`);
      await admin.call("RPUSH", `list:${round}`, i);
    }
  };

  beforeAll(async () => {
    scene = await openScene(blueImage, greenImage);
    await keepBacklog(scene);
  });

  afterAll(async () => {
    await scene.stop();
  });

  it("turns round when the servers do, and takes nothing of its own along", async () => {
    const { source: blue, target: green } = scene;
    await open(blue, blueImage);
    await open(green, greenImage);
    await keepBacklog(scene, "green");
    await feed(green, greenImage);
    const { bridge, stop } = startBridge(scene);
    await turned(bridge, { state: "applying", source: "blue", target: "green" });
    // A key of the bridge's own name is nobody's data, in any database.
    await blue.admin.call("SET", OWN[0] ?? "", "not a position");
    let [live, standby] = [blue, green];
    let [liveImage, standbyImage] = [blueImage, greenImage];
    const images = new Map([
      [blue, blueImage],
      [green, greenImage],
    ]);
    for (let round = 0; round < 4; round++) {
      await write(live, round);
      await confirmed(standby.admin, (await place(live)).offset);
      const note = await place(standby);
      await open(standby, standbyImage);
      await feed(live, liveImage, note);
      [live, standby] = [standby, live];
      [liveImage, standbyImage] = [images.get(live) ?? "", images.get(standby) ?? ""];
      const colours = live === blue ? ["blue", "green"] : ["green", "blue"];
      await turned(bridge, { state: "applying", source: colours[0], target: colours[1] });
    }
    await write(live, 9);
    await confirmed(standby.admin, (await place(live)).offset);
    expect(bridge.figures.fullCopies).toBe(1);
    await stop();
    expect((await compare(scene)).samples).toEqual([]);
    expect(await green.admin.call("EXISTS", ...OWN)).toBe(0);
    await blue.admin.call("DEL", ...OWN);
  });

  it("tells the target where it is by itself, also after what applies nothing", async () => {
    const { source: blue, target: green } = scene;
    // Nothing but the commands below may move the stream on.
    await blue.admin.configSet("repl-ping-replica-period", 3_600);
    await open(blue, blueImage);
    await feed(green, greenImage, await place(blue));
    const { bridge, stop } = startBridge(scene);
    await turned(bridge, { state: "applying", source: "blue", target: "green" });
    for (let i = 0; i < 40; i++) {
      if (i % 2 === 0) await blue.admin.call("PUBLISH", "channel", "x");
      else await blue.admin.call("INCR", "counter:1");
      await confirmed(green.admin, (await place(blue)).offset);
    }
    await stop();
    await blue.admin.configSet("repl-ping-replica-period", 10);
  });

  it("ends when it is told to, with everything confirmed", async () => {
    const { source: blue, target: green } = scene;
    const bridge = new BridgeProcess(scene);
    try {
      await bridge.logged('"state":"applying","source":"blue","target":"green"}');
      await write(blue, 11);
      await bridge.kill("SIGTERM");
      expect(bridge.child.exitCode).toBe(0);
      const { progress } = progressIn(await green.admin.transaction(...progressCommands(15)));
      expect(progress?.position.confirmed).toEqual(progress?.position.applied);
      expect(progress?.position.applied.offset).toBeGreaterThan(0);
    } finally {
      await bridge.kill("SIGKILL");
    }
  });

  it("waits where both are fed or one is down, and says which", async () => {
    const { source: blue, target: green } = scene;
    const { bridge, stop } = startBridge(scene);
    await feed(blue, blueImage);
    await turned(bridge, { state: "waiting", reason: "both blue and green are to be fed" });
    await open(blue, blueImage);
    await open(green, greenImage);
    await turned(bridge, { state: "waiting", reason: "both blue and green are open to clients" });
    await feed(green, greenImage, await place(blue));
    await turned(bridge, { state: "applying", source: "blue", target: "green" });
    await blue.container.stop({ timeout: 0 });
    await until(
      () => Promise.resolve(bridge.status().reason?.startsWith("blue can't be looked at") ? true : undefined),
      { timeoutMs: 60_000, intervalMs: 10, what: "it names blue" },
    );
    expect(bridge.status()).toMatchObject({ state: "waiting", lossless: false });
    await stop();
  });
});
