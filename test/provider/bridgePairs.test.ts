import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import type { BridgeState } from "../../components/engine/bridge/bridgeStatus.ts";
import { seedEveryType } from "../support/everyType.ts";
import { formsFor } from "./bridgeForms.ts";
import {
  caughtUp,
  closedNow,
  compare,
  compareAsNoted,
  feedGreen,
  keepBacklog,
  openScene,
  run,
  startBridge,
  versionOfImage,
  type BridgeScene,
} from "./bridgeScene.ts";

/** Kinds of what the older server can't hold, among what the forms leave behind; the last: by a full copy only. */
const PAIRS: [source: string, target: string, unrepresentable: string[], copied?: string[]][] = [
  ["redis:7.0", "redis:6.0", ["function"]],
  ["redis:8.0", "redis:6.0", ["function", "hash-field-expiry", "vectorset"]],
  ["redis:8.0", "redis:7.0", ["hash-field-expiry", "vectorset"]],
  ["valkey/valkey:8.1", "redis:7.0", []],
  ["valkey/valkey:9.1", "redis:7.0", ["hash-field-expiry"]],
  ["redis:8.6", "redis:8.0", [], ["vectorset"]],
  ["redis:8.0", "valkey/valkey:8.1", ["hash-field-expiry", "vectorset"]],
];

/** Watches a bridge until its states are asked for: each one once, in their order. */
function statesOf(bridge: Bridge): () => Promise<BridgeState[]> {
  const end = new AbortController();
  const watch = async (): Promise<BridgeState[]> => {
    const seen: BridgeState[] = [];
    for (let isLast = false; ; isLast = end.signal.aborted) {
      const { state } = bridge.status();
      if (state !== seen.at(-1)) seen.push(state);
      if (isLast) return seen;
      await delay(1);
    }
  };
  const watching = watch();
  return () => {
    end.abort();
    return watching;
  };
}

describe.each(PAIRS)("a bridge from %s to %s", (sourceImage, targetImage, kinds, copied = []) => {
  let scene: BridgeScene;

  beforeAll(async () => {
    scene = await openScene(sourceImage, targetImage);
    await keepBacklog(scene);
  });

  afterAll(async () => {
    await scene.stop();
  });

  /** Keys that are named as unrepresentable may differ, and nothing else may. */
  const differences = async (named: Record<string, { samples: string[] }>): Promise<string[]> => {
    const samples = Object.values(named).flatMap((kind) => kind.samples);
    const { samples: found } = await compare(scene);
    return (
      found
        .filter(({ database, key }) => !samples.includes(`${database} ${key}`))
        // A vector set that the target does hold.
        .filter(({ reason }) => !reason.includes("can't be compared between these versions"))
        .map(({ database, key, reason }) => `${database} ${key}: ${reason}`)
    );
  };

  it("applies every form of command", async () => {
    const { bridge, stop } = startBridge(scene, await closedNow(scene));
    await seedEveryType(scene.source.admin);
    for (const form of formsFor(versionOfImage(sourceImage))) {
      await run(scene, ...form);
    }
    await delay(100);
    await caughtUp(scene, bridge);
    const { unrepresentable } = bridge.status();
    expect(Object.keys(unrepresentable).sort()).toEqual(kinds);
    await stop();
    expect((await compareAsNoted(scene)).keysDifferent).toBe(0);
    expect(await differences(unrepresentable)).toEqual([]);
  });

  it("copies everything where nothing is known, and deletes only what is not on the source", async () => {
    await scene.target.admin.call("SET", "only on the target", "x");
    await scene.target.admin.call("DEL", "string");
    await scene.target.admin.call("SADD", "string", "of another type");
    const { bridge, stop } = startBridge(scene, feedGreen());
    const states = statesOf(bridge);
    await caughtUp(scene, bridge);
    // Never before everything is copied: the target lacks what nobody knows.
    expect(await states()).toEqual(["waiting", "resyncing", "applying"]);
    const { unrepresentable } = bridge.status();
    expect(Object.keys(unrepresentable).sort()).toEqual([...kinds, ...copied].sort());
    expect(bridge.figures.fullCopies).toBe(1);
    await stop();
    expect((await compareAsNoted(scene)).keysDifferent).toBe(0);
    expect(await differences(unrepresentable)).toEqual([]);
    expect(await scene.target.admin.call("EXISTS", "only on the target")).toBe(0);
  });

  it("leaves a list its expiry that is moved onto itself, of one element as well", async () => {
    const { bridge, stop } = startBridge(scene, await closedNow(scene));
    await run(scene, ["FLUSHALL"]);
    const ends = ["LEFT", "RIGHT"].flatMap((from) => ["LEFT", "RIGHT"].map((to) => [from, to] as const));
    for (const [from, to] of ends) {
      await run(scene, ["RPUSH", `l${from}${to}`, "a"], ["EXPIRE", `l${from}${to}`, 900]);
    }
    // A key is copied with its first expiry, and what is done to it meanwhile is not applied.
    await caughtUp(scene, bridge);
    for (const [from, to] of ends) await run(scene, ["LMOVE", `l${from}${to}`, `l${from}${to}`, from, to]);
    await caughtUp(scene, bridge);
    await stop();
    expect(await differences({})).toEqual([]);
  });
});
