import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bridgeSourceRules } from "../../components/engine/bridge/aclRules.ts";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import type { BridgeState } from "../../components/engine/bridge/bridgeStatus.ts";
import { lingeringKeys } from "../../components/engine/fed.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import { BridgeProcess } from "../support/bridgeProcess.ts";
import {
  caughtUp,
  compare,
  feed,
  feedGreen,
  keepBacklog,
  open,
  openScene,
  startBridge,
  closedNow,
  versionOfImage,
  type BridgeScene,
} from "./bridgeScene.ts";

const COUNTERS = 50;

/** Counters, lists and transactions, so that anything lost or repeated shows; returns how many rounds it wrote. */
async function writeUntil(scene: BridgeScene, end: AbortSignal): Promise<number> {
  const { client } = scene.source.admin;
  let rounds = 0;
  while (!end.aborted) {
    const pipeline = client.pipeline();
    for (let i = 0; i < 20; i++, rounds++) {
      pipeline.incr(`counter:${rounds % COUNTERS}`).rpush(`list:${rounds % 7}`, rounds);
      pipeline.call("MULTI").incr("pair:a").select(3).incr("pair:b").select(0).call("EXEC");
      pipeline.set(`expiring:${rounds % 100}`, rounds, "EX", 900);
      pipeline.hincrby("hash", `field:${rounds % 10}`, 1).expire("hash", 1_000);
    }
    await pipeline.exec();
    await delay(2);
  }
  return rounds;
}

function writeFor(scene: BridgeScene, ms: number): Promise<number> {
  return writeUntil(scene, AbortSignal.timeout(ms));
}

const APPLIES = '"state":"applying","source":"blue","target":"green"}';
const IS_ARMED = '"state":"armed","source":"blue"}';

/** How many writes a server has done, expiries included. */
async function writesOf(server: RedisServer): Promise<number> {
  return Number((await server.info("persistence")).get("rdb_changes_since_last_save"));
}

describe.each([
  ["redis:7.0", "redis:6.0"],
  ["redis:8.0", "redis:7.0"],
  ["redis:8.0", "redis:8.0"],
])("a bridge from %s to %s", (sourceImage, targetImage) => {
  let scene: BridgeScene;
  const processes: BridgeProcess[] = [];
  const start = (): BridgeProcess => {
    const made = new BridgeProcess(scene);
    processes.push(made);
    return made;
  };

  beforeEach(async () => {
    scene = await openScene(sourceImage, targetImage);
    await keepBacklog(scene);
    await feed(scene.target, targetImage, await scene.source.admin.replication());
  });

  afterEach(async () => {
    for (const made of processes.splice(0)) await made.kill("SIGKILL");
    await scene.stop();
  });

  it("loses and repeats nothing while two of it fight, are frozen and killed", async () => {
    // Nobody is to fall behind the backlog, however slow this machine is.
    await scene.source.admin.call("CONFIG", "SET", "repl-backlog-size", "256mb");
    const end = new AbortController();
    const writing = writeUntil(scene, end.signal);
    let two = [start(), start()];
    for (let round = 0; round < 8; round++) {
      const victim = two[round % 2]!;
      await victim.logged(APPLIES);
      if (round % 3 === 2) {
        victim.child.kill("SIGSTOP");
        await delay(200);
        victim.child.kill("SIGCONT");
      } else {
        await delay(40 * (round % 4));
        await victim.kill("SIGKILL");
        await delay(80 * (round % 4));
        two = two.map((one) => (one === victim ? start() : one));
      }
    }
    end.abort();
    const rounds = await writing;
    for (const made of processes) await made.kill("SIGKILL");
    // No look at the gate: the position that is there tells where to go on.
    const { bridge, stop } = startBridge(scene, feedGreen());
    await caughtUp(scene, bridge);
    expect(bridge.figures.fullCopies).toBe(0);
    await stop();
    expect(Number(await scene.target.admin.call("GET", "pair:a"))).toBe(rounds);
    expect((await compare(scene)).samples).toEqual([]);
    for (const made of processes) expect(made.output).not.toContain(scene.settings.blue.login.password);
    expect(processes.some(({ output }) => output.includes('"applying"'))).toBe(true);
  });

  it("writes nothing more once the target is opened, a batch on its way included", async () => {
    const { bridge, stop } = startBridge(scene);
    const end = new AbortController();
    const writing = writeUntil(scene, end.signal);
    await grows(scene.target.admin, "pair:a");
    expect(bridge.status()).toMatchObject({ state: "applying", source: "blue", target: "green" });
    await open(scene.target, targetImage);
    const writes = await writesOf(scene.target.admin);
    const pairs = await pairOf(scene.target.admin);
    expect(pairs[0]).toBe(pairs[1]);
    // Blue was never opened by anybody, so it is the one to be attached to.
    await reaches(bridge, "armed");
    await grows(scene.source.admin, "pair:a");
    expect(await writesOf(scene.target.admin)).toBe(writes);
    expect(await pairOf(scene.target.admin)).toEqual(pairs);
    expect(bridge.status()).toMatchObject({ state: "armed", source: "blue", lossless: false });
    end.abort();
    await writing;
    await stop();
  });

  it("writes nothing when it was frozen while the target was opened", async () => {
    const bridge = start();
    const end = new AbortController();
    const writing = writeUntil(scene, end.signal);
    for (let round = 0; round < 3; round++) {
      await bridge.logged(APPLIES);
      await delay(100);
      bridge.child.kill("SIGSTOP");
      await open(scene.target, targetImage);
      const writes = await writesOf(scene.target.admin);
      bridge.child.kill("SIGCONT");
      await bridge.logged(IS_ARMED);
      expect(await writesOf(scene.target.admin)).toBe(writes);
      await feed(scene.target, targetImage, await scene.source.admin.replication());
    }
    end.abort();
    await writing;
  });

  it("refuses each command of a transaction that was queued before the target was opened", async () => {
    const { username, password } = scene.settings.green.login;
    const bridge = await RedisServer.connect(scene.target.admin.address, {
      username,
      password: password ?? "",
    });
    await bridge.call("MULTI");
    await bridge.call("SET", "queued", "1");
    await bridge.call("INCR", "queued too");
    const rules = bridgeSourceRules(versionOfImage(targetImage)).split(" ");
    await scene.target.admin.call("ACL", "SETUSER", username, "resetkeys", "-@all", ...rules);
    // Were it not killed as well: EXEC may be called, and looks at the rights of each command again.
    for (const reply of (await bridge.call("EXEC")) as unknown[]) {
      expect(String(reply)).toContain("NOPERM");
    }
    expect(await scene.target.admin.call("EXISTS", "queued", "queued too")).toBe(0);
    bridge.close();
  });

  it("copies again where the source's backlog doesn't reach back, while clients write", async () => {
    const first = startBridge(scene, await closedNow(scene));
    await writeFor(scene, 200);
    await caughtUp(scene, first.bridge);
    await first.stop();
    await scene.source.admin.call("DEL", "list:1");
    await scene.target.admin.call("SET", "only here", "x");
    const { client } = scene.source.admin;
    for (let i = 0; i < 30; i++)
      await client.mset(
        Object.fromEntries(Array.from({ length: 200 }, (_, k) => [`filler:${i}:${k}`, "x".repeat(300)])),
      );
    for (let i = 0; i < 20; i++)
      await client.sadd("large set", ...Array.from({ length: 1_000 }, (_, k) => `member:${i}:${k}`));
    const flushes = await keysFlushed(scene.target.admin);
    const { bridge, stop } = startBridge(scene, feedGreen());
    await Promise.all([writeFor(scene, 1_500), reaches(bridge, "resyncing")]);
    await caughtUp(scene, bridge);
    expect(bridge.figures.fullCopies).toBe(1);
    await stop();
    expect(await keysFlushed(scene.target.admin)).toBe(flushes);
    expect((await compare(scene)).samples).toEqual([]);
  });
});

describe("a full copy from redis:8.0 to redis:7.0", () => {
  let scene: BridgeScene;
  beforeEach(async () => {
    scene = await openScene("redis:8.0", "redis:7.0");
    await keepBacklog(scene);
    await feed(scene.target, "redis:7.0", await scene.source.admin.replication());
  });
  afterEach(() => scene.stop());

  /** More than the backlog holds, while no bridge is there. */
  async function overflow(): Promise<void> {
    for (let i = 0; i < 100; i++) {
      const fillers = Array.from({ length: 200 }, (_, k) => [`filler:${i}:${k}`, "x".repeat(100)] as const);
      await scene.source.admin.client.mset(Object.fromEntries(fillers));
    }
  }

  it("leaves nothing of lists that the source empties meanwhile", async () => {
    const first = startBridge(scene, await closedNow(scene));
    const { client } = scene.source.admin;
    const each = async (
      step: (pipeline: ReturnType<typeof client.pipeline>, i: number) => void,
    ): Promise<void> => {
      const pipeline = client.pipeline();
      for (let i = 0; i < 200; i++) step(pipeline, i);
      await pipeline.exec();
    };
    await each((pipeline, i) => pipeline.rpush(`q:${i}`, "a", "b", "c", "d"));
    await caughtUp(scene, first.bridge);
    await first.stop();
    await each((pipeline, i) => pipeline.lpop(`q:${i}`, 3));
    await overflow();
    const { bridge, stop } = startBridge(scene, feedGreen());
    const begun = (): Promise<true | undefined> =>
      Promise.resolve((bridge.status().progress?.of ?? 0) > 0 ? true : undefined);
    await until(begun, { timeoutMs: 60_000, intervalMs: 1, what: "the source is scanned" });
    await each((pipeline, i) => pipeline.lpop(`q:${i}`));
    await each((pipeline, i) => (i % 2 === 0 ? pipeline.rpush(`q:${i}`, "z") : pipeline));
    await caughtUp(scene, bridge);
    expect(bridge.figures.fullCopies).toBe(1);
    await stop();
    expect((await compare(scene)).samples).toEqual([]);
  });

  it("ends while clients give new keys an expiry all the time", async () => {
    const end = new AbortController();
    const { client } = scene.source.admin;
    await overflow();
    // One after the other and without a rest, so that there is hardly a moment at which none is copied.
    const lane = async (name: string): Promise<void> => {
      for (let i = 0; !end.signal.aborted; i++) {
        await client.pipeline().set(`${name}:${i}`, i).expire(`${name}:${i}`, 900).exec();
      }
    };
    const writing = Promise.all(["a", "b", "c", "d"].map(lane));
    const { bridge, stop } = startBridge(scene, feedGreen());
    try {
      await reaches(bridge, "resyncing");
      await reaches(bridge, "applying").catch((error: unknown) => {
        throw new Error(`${String(error)} ${JSON.stringify(bridge.status())}`);
      });
      expect(bridge.status().position?.copying).toBe(false);
      // Those that were copied ahead of the stream are noted until it has caught up with them.
      const isDone = async (): Promise<true | undefined> =>
        (await lingeringKeys(scene.target.admin, 15)) === 0 ? true : undefined;
      await until(isDone, { timeoutMs: 60_000, intervalMs: 20, what: "no key is copied for long" });
    } finally {
      end.abort();
      await writing;
    }
    await caughtUp(scene, bridge);
    expect(bridge.figures.fullCopies).toBe(1);
    await stop();
    expect((await compare(scene)).samples).toEqual([]);
  });
});

async function reaches(bridge: Bridge, state: BridgeState): Promise<void> {
  const probe = (): Promise<true | undefined> =>
    Promise.resolve(bridge.status().state === state ? true : undefined);
  await until(probe, { timeoutMs: 60_000, intervalMs: 1, what: `the bridge is ${state}` });
}

/** Waits until a server takes further writes to a counter. */
async function grows(server: RedisServer, counter: string): Promise<void> {
  const count = async (): Promise<number> => Number(await server.call("GET", counter));
  const before = await count();
  const probe = async (): Promise<true | undefined> => ((await count()) > before ? true : undefined);
  await until(probe, { timeoutMs: 60_000, intervalMs: 5, what: `${counter} grows` });
}

async function pairOf(server: RedisServer): Promise<[number, number]> {
  const a = Number(await server.call("GET", "pair:a"));
  await server.call("SELECT", 3);
  const b = Number(await server.call("GET", "pair:b"));
  await server.call("SELECT", 0);
  return [a, b];
}

async function keysFlushed(server: RedisServer): Promise<string> {
  const stats = await server.info("commandstats");
  return [...stats].filter(([name]) => /flush/.test(name)).join(" ");
}
