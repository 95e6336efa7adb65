import Docker from "dockerode";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BridgeProcess } from "../support/bridgeProcess.ts";
import { compare, feed, keepBacklog, openScene, type BridgeScene } from "./bridgeScene.ts";
import { until } from "../../components/engine/until.ts";

const MEGABYTES = 200;
const VALUE = "v".repeat(10 * 1024);
/** More than the bridge may hold of a stream that nobody takes: batches on their way, and what the socket gave. */
const ROOM = 80 * 1024 * 1024;

const TRANSACTION_MEGABYTES = 100;
/** What a script does is one transaction in the stream. */
const TRANSACTION = `for i = 1, 100 * ARGV[1] do redis.call('SET', 'key:' .. i % 500, ARGV[2]) redis.call('INCR', 'counter') end`;

const KEYS = 400_000;
/** New keys, each of which gets an expiry: what the standby holds of one before can't be told from its stream. */
const NEW_KEYS = `for i = ARGV[1], ARGV[1] + 199 do redis.call('INCR', 'session:' .. i) redis.call('PEXPIREAT', 'session:' .. i, ARGV[2]) end`;
const LATER = Date.UTC(2100, 0, 1);

describe("a bridge that gets more than it can hold", () => {
  let scene: BridgeScene;
  let bridge: BridgeProcess;

  beforeEach(async () => {
    scene = await openScene("redis:7.0", "redis:6.0", "repl-backlog-size 300mb");
    await keepBacklog(scene);
    await feed(scene.target, "redis:6.0", await scene.source.admin.replication());
    bridge = new BridgeProcess(scene);
    await bridge.logged('"state":"applying","source":"blue","target":"green"}');
  });

  afterEach(async () => {
    await bridge.kill("SIGKILL");
    await scene.stop();
  });

  it("leaves to the source what a frozen target doesn't take, and catches up", async () => {
    const { source, target } = scene;
    await source.admin.call("SET", "warm", "x");
    const { residentBytes } = await bridge.health();
    const container = new Docker().getContainer(target.container.getId());
    await container.pause();
    let most = 0;
    try {
      for (let megabyte = 0; megabyte < MEGABYTES; megabyte++) {
        const pipeline = source.admin.client.pipeline();
        for (let i = 0; i < 100; i++) pipeline.set(`key:${(megabyte * 100 + i) % 1_000}`, VALUE);
        pipeline.incr("counter");
        await pipeline.exec();
        if (megabyte % 10 === 0) most = Math.max(most, (await bridge.health()).residentBytes);
      }
      // The lag is known although nobody can look at the target.
      const known = async (): Promise<true | undefined> => {
        const { lagBytes, lagSeconds, state } = await bridge.health();
        const isAll = lagBytes > 0.9 * MEGABYTES * 1024 * 1024 && lagSeconds > 1;
        return isAll && state === "applying" ? true : undefined;
      };
      await until(known, {
        timeoutMs: 120_000,
        intervalMs: 50,
        what: "the bridge knows how far it is behind",
      });
    } finally {
      await container.unpause();
    }
    await until(async () => ((await bridge.health()).lagBytes === 0 ? true : undefined), {
      timeoutMs: 120_000,
      intervalMs: 20,
      what: "it catches up",
    });
    most = Math.max(most, (await bridge.health()).residentBytes);
    expect(most - residentBytes).toBeLessThan(ROOM);
    expect(Number(await target.admin.call("GET", "counter"))).toBe(MEGABYTES);
    expect((await compare(scene)).samples).toEqual([]);
  });

  it("applies a transaction that it could not hold", async () => {
    const { source, target } = scene;
    await source.admin.call("SET", "warm", "x");
    const { residentBytes } = await bridge.health();
    await source.admin.call("EVAL", TRANSACTION, 0, TRANSACTION_MEGABYTES, VALUE);
    let most = 0;
    await until(
      async () => {
        const { residentBytes: now, lagBytes } = await bridge.health();
        most = Math.max(most, now);
        return lagBytes === 0 && (await target.admin.call("GET", "counter")) !== null ? true : undefined;
      },
      { timeoutMs: 120_000, intervalMs: 10, what: "it is applied" },
    );
    expect(most - residentBytes).toBeLessThan(ROOM);
    expect((await compare(scene)).samples).toEqual([]);
  });

  /** Waits until the target has everything again. */
  const isWhole = (): Promise<true> =>
    until(
      async () => {
        if (bridge.child.exitCode !== null || bridge.child.signalCode !== null)
          throw new Error(`the bridge has ended: ${bridge.output.slice(-500)}`);
        const { lossless, lagBytes } = await bridge.health();
        return lossless && lagBytes === 0 && bridge.output.includes('"resyncing"') ? true : undefined;
      },
      { timeoutMs: 400_000, intervalMs: 50, what: "everything is copied" },
    );

  it("copies everything where it was away while more keys came to expire than it can hold", async () => {
    const { source } = scene;
    await bridge.kill("SIGTERM");
    for (let from = 0; from < KEYS; from += 200 * 50) {
      const pipeline = source.admin.client.pipeline();
      for (let i = 0; i < 50; i++) pipeline.eval(NEW_KEYS, 0, from + 200 * i, LATER);
      await pipeline.exec();
    }
    bridge = new BridgeProcess(scene);
    await isWhole();
    expect(bridge.output).toContain("everything is copied again: more keys have to be copied");
    expect((await compare(scene)).samples).toEqual([]);
  }, 600_000);

  it("copies everything where a transaction has more to be looked at than it can hold", async () => {
    await scene.source.admin.call("EVAL", NEW_KEYS.replace("+ 199", `+ ${KEYS - 1}`), 0, 0, LATER);
    await isWhole();
    expect(bridge.output).toContain("everything is copied again: a transaction has more");
    expect((await compare(scene)).samples).toEqual([]);
  }, 600_000);
});
