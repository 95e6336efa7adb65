import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import { UNREPRESENTABLE_KEY } from "../../components/engine/bridge/position.ts";
import {
  caughtUp,
  closedNow,
  feedGreen,
  keepBacklog,
  openScene,
  run,
  startBridge,
  type BridgeScene,
  type Command,
} from "./bridgeScene.ts";

const LATER = Date.UTC(2100, 0, 1);
/** A hash of which a field expires, and a vector set: 7.0 has a form for neither. */
const EXPIRING: Command[] = [
  ["HSET", "k", "f", "1"],
  ["HPEXPIREAT", "k", LATER, "FIELDS", 1, "f"],
];
/** Redis 8.0 can't copy one. */
const VECTORS: Command[] = [["VADD", "k", "VALUES", 3, 1, 2, 3, "element"]];

const MOVES: [what: string, ...commands: Command[]][] = [
  ["COPY", ["COPY", "k", "j"], ["DEL", "k"]],
  ["COPY over another key", ["SET", "j", "old"], ["COPY", "k", "j", "REPLACE"], ["DEL", "k"]],
  ["COPY into another database", ["COPY", "k", "j", "DB", 1], ["DEL", "k"]],
  ["RENAME", ["RENAME", "k", "j"], ["SET", "k", "1"]],
  ["RENAMENX", ["RENAMENX", "k", "j"], ["SET", "k", "1"]],
  ["MOVE", ["MOVE", "k", 1], ["SET", "k", "1"]],
  ["SWAPDB", ["SWAPDB", 0, 1], ["SET", "k", "1"]],
];

describe("what Redis 7.0 has no form for", () => {
  let scene: BridgeScene;
  let bridge: Bridge;
  let stop: () => Promise<void>;
  const runThrough = async (...commands: Command[]): Promise<void> => {
    await run(scene, ...commands);
    await caughtUp(scene, bridge);
  };
  /** What is named, as `<kind> <database> <key>`. */
  const named = (): string[] =>
    Object.entries(bridge.status().unrepresentable).flatMap(([kind, { samples }]) =>
      samples.map((place) => `${kind} ${place}`),
    );
  /** What the stack reads. */
  const noted = async (): Promise<number> => {
    const { admin } = scene.target;
    const replies = await admin.transaction(["SELECT", 15], ["SCARD", UNREPRESENTABLE_KEY], ["SELECT", 0]);
    return Number(replies[1]);
  };

  beforeAll(async () => {
    scene = await openScene("redis:8.0", "redis:7.0");
    await keepBacklog(scene);
    ({ bridge, stop } = startBridge(scene, await closedNow(scene)));
  });

  beforeEach(async () => {
    await runThrough(["FLUSHALL"]);
  });

  afterAll(async () => {
    await stop();
    await scene.stop();
  });

  it.each(MOVES)("is named where it is after %s", async (what, ...commands) => {
    const place = /MOVE|SWAPDB/.test(what) ? "1 k" : /database/.test(what) ? "1 j" : "0 j";
    await runThrough(...EXPIRING);
    expect(named()).toEqual(["hash-field-expiry 0 k"]);
    await runThrough(...commands);
    expect(named()).toEqual([`hash-field-expiry ${place}`]);
    expect(await noted()).toBe(1);
    const [database = "0", key = ""] = place.split(" ");
    await runThrough(["SELECT", database], ["DEL", key], ["SELECT", 0]);
    expect(named()).toEqual([]);
    expect(await noted()).toBe(0);
  });

  it.each(MOVES.filter(([what]) => !what.startsWith("COPY")))(
    "is named where it is after %s, where the target holds nothing of it",
    async (what, ...commands) => {
      const place = /MOVE|SWAPDB/.test(what) ? "1 k" : "0 j";
      await runThrough(...VECTORS);
      expect(named()).toEqual(["vectorset 0 k"]);
      await runThrough(...commands);
      expect(named()).toEqual([`vectorset ${place}`]);
      const [database = "0", key = ""] = place.split(" ");
      const { admin } = scene.target;
      const replies = await admin.transaction(["SELECT", database], ["EXISTS", key], ["SELECT", 0]);
      expect(replies[1]).toBe(0);
    },
  );

  it("is forgotten where another key took its place", async () => {
    await runThrough(...EXPIRING, ["SET", "plain", "v"], ["RENAME", "plain", "k"]);
    expect(named()).toEqual([]);
    await runThrough(["DEL", "k"], ...EXPIRING, ["SET", "plain", "v"], ["COPY", "plain", "k", "REPLACE"]);
    expect(named()).toEqual([]);
    expect(await scene.target.admin.call("GET", "k")).toBe("v");
  });

  it("counts although there is more of it than is told apart, also to a bridge that comes later", async () => {
    const each = (from: number, to: number, body: string): Command => [
      "EVAL",
      `for i=${from},${to} do local k='session:'..i ${body} end`,
      0,
    ];
    const make = `redis.call('HSET',k,'f','v') redis.call('HPEXPIREAT',k,${LATER},'FIELDS',1,'f')`;
    await runThrough(each(1, 100_020, make));
    await runThrough(each(1, 100_000, "redis.call('DEL',k)"));
    expect(await noted()).toBe(1);
    await stop();
    ({ bridge, stop } = startBridge(scene, feedGreen()));
    await runThrough(["PING"]);
    expect(bridge.status()).toMatchObject({ lossless: false });
    await runThrough(["FLUSHALL"]);
    expect(bridge.status()).toMatchObject({ lossless: true, unrepresentable: {} });
    expect(await noted()).toBe(0);
  });
});

describe("a target with fewer databases", () => {
  let scene: BridgeScene;
  let bridge: Bridge;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    scene = await openScene("redis:8.0", "redis:7.0", "databases 32");
    await keepBacklog(scene);
    ({ bridge, stop } = startBridge(scene, await closedNow(scene)));
  });

  afterAll(async () => {
    await stop();
    await scene.stop();
  });

  it("tells of keys that are moved and copied into those that it lacks, and takes those that come back", async () => {
    const { admin } = scene.source;
    await admin.call("MSET", "moved", "1", "copied", "2");
    await admin.call("MOVE", "moved", 20);
    await admin.call("COPY", "copied", "copy", "DB", 21);
    await caughtUp(scene, bridge);
    expect(bridge.status().unrepresentable["database"]?.samples.sort()).toEqual(["20 moved", "21 copy"]);
    expect(await scene.target.admin.call("KEYS", "*")).toEqual(["copied"]);
    await admin.call("SELECT", 20);
    await admin.call("MOVE", "moved", 0);
    await admin.call("SELECT", 21);
    await admin.call("COPY", "copy", "back", "DB", 0);
    await admin.call("SELECT", 0);
    await caughtUp(scene, bridge);
    expect(await scene.target.admin.call("MGET", "moved", "copied", "back")).toEqual(["1", "2", "2"]);
  });
});
