import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import {
  caughtUp,
  closedNow,
  compare,
  keepBacklog,
  openScene,
  run,
  startBridge,
  type BridgeScene,
  type Command,
} from "./bridgeScene.ts";

const LATER = Date.UTC(2100, 0, 1);
/** Long enough for the commands that follow to be done by then. Milliseconds. */
const SOON = 1_000;

let scene: BridgeScene;
let bridge: Bridge;
let stop: () => Promise<void>;

async function open(sourceImage: string, targetImage: string): Promise<void> {
  scene = await openScene(sourceImage, targetImage);
  await keepBacklog(scene);
  ({ bridge, stop } = startBridge(scene, await closedNow(scene)));
}

async function gone(server: RedisServer, ...question: [string, ...string[]]): Promise<void> {
  const probe = async (): Promise<true | undefined> =>
    (await server.call(...question)) === 0 ? true : undefined;
  await until(probe, { timeoutMs: 60_000, intervalMs: 5, what: `${question.join(" ")} answers 0` });
}

/** What the bridge tells of itself, and where the target differs from the source. */
async function outcome(): Promise<unknown> {
  await caughtUp(scene, bridge);
  const { unrepresentable } = bridge.status();
  const { fullCopies } = bridge.figures;
  await stop();
  const { samples } = await compare(scene);
  return { unrepresentable, fullCopies, differ: samples.map(({ key, reason }) => `${key}: ${reason}`) };
}

const SAME = { unrepresentable: {}, fullCopies: 0, differ: [] };

describe.each([
  ["redis:8.0", "valkey/valkey:9.1"],
  ["redis:8.6", "redis:8.0"],
])("fields that the target expires earlier than the stream, from %s to %s", (sourceImage, targetImage) => {
  const expiring: Command[] = [
    ["HSET", "h", "f", "5", "stays", "v"],
    ["HPEXPIREAT", "h", LATER, "FIELDS", 1, "f"],
  ];
  /** The target's clock is ahead of the stream for a moment. */
  const lose = async (): Promise<void> => {
    const { admin } = scene.target;
    await admin.call("HPEXPIRE", "h", 1, "FIELDS", 1, "f");
    await gone(admin, "HEXISTS", "h", "f");
  };

  beforeEach(async () => {
    await open(sourceImage, targetImage);
  });

  afterEach(async () => {
    await stop();
    await scene.stop();
  });

  it.each<[string, ...Command[]]>([
    ["renewed", ["HPEXPIREAT", "h", LATER + 1, "FIELDS", 1, "f"]],
    ["kept for good", ["HPERSIST", "h", "FIELDS", 1, "f"]],
    ["counted, and renewed", ["HINCRBY", "h", "f", 1], ["HPEXPIREAT", "h", LATER + 1, "FIELDS", 1, "f"]],
    ["counted, and kept", ["HINCRBY", "h", "f", 1], ["HPERSIST", "h", "FIELDS", 1, "f"]],
    ["read, and renewed", ["HGETEX", "h", "PXAT", LATER + 1, "FIELDS", 1, "f"]],
    ["set anew where it exists", ["HSETEX", "h", "FXX", "PXAT", LATER + 1, "FIELDS", 1, "f", "9"]],
  ])("are copied again where they are %s", async (_what, ...commands) => {
    await run(scene, ...expiring);
    await caughtUp(scene, bridge);
    await lose();
    await run(scene, ...commands);
    expect(await outcome()).toEqual(SAME);
  });

  it("are copied again with the hash that was gone with them", async () => {
    await run(scene, ["HSET", "h", "f", "5"], ["HPEXPIREAT", "h", LATER, "FIELDS", 1, "f"]);
    await caughtUp(scene, bridge);
    await lose();
    await run(scene, ["HPEXPIREAT", "h", LATER + 1, "FIELDS", 1, "f"]);
    expect(await outcome()).toEqual(SAME);
  });

  it("are copied again where the stream is read when their first expiry has passed", async () => {
    await caughtUp(scene, bridge);
    const closed = await closedNow(scene);
    await stop();
    await run(
      scene,
      ["MULTI"],
      ["HSET", "h", "f", "5", "stays", "v"],
      ["HPEXPIRE", "h", SOON, "FIELDS", 1, "f"],
      ["HINCRBY", "h", "f", 1],
      ["HPEXPIREAT", "h", LATER, "FIELDS", 1, "f"],
      ["SET", "clock", "running", "PX", SOON],
      ["EXEC"],
    );
    await gone(scene.source.admin, "EXISTS", "clock");
    ({ bridge, stop } = startBridge(scene, closed));
    expect(await outcome()).toEqual(SAME);
  });

  it.each<[string, ...Command[]]>([
    ["renamed", ["RENAME", "h", "j"]],
    ["copied, and the copy moved", ["COPY", "h", "j"], ["MOVE", "j", 1]],
    ["renamed, and its database swapped", ["RENAME", "h", "j"], ["SWAPDB", 0, 1]],
  ])("are copied again where the hash is %s before the answer comes", async (_what, ...commands) => {
    await caughtUp(scene, bridge);
    const closed = await closedNow(scene);
    await stop();
    await run(
      scene,
      ["HSET", "h", "f", "5", "stays", "v"],
      ["HPEXPIRE", "h", SOON, "FIELDS", 1, "f"],
      ["HPEXPIREAT", "h", LATER, "FIELDS", 1, "f"],
      ...commands,
      ["SET", "clock", "running", "PX", SOON],
    );
    await gone(scene.source.admin, "EXISTS", "clock");
    ({ bridge, stop } = startBridge(scene, closed));
    expect(await outcome()).toEqual(SAME);
  });

  it("aren't copied where nothing was lost", async () => {
    await run(scene, ...expiring);
    await caughtUp(scene, bridge);
    const { recopied } = bridge.figures;
    await run(scene, ["HPEXPIREAT", "h", LATER + 1, "FIELDS", 1, "f"], ["HPERSIST", "h", "FIELDS", 1, "f"]);
    await caughtUp(scene, bridge);
    expect(bridge.figures.recopied).toBe(recopied);
    expect(await outcome()).toEqual(SAME);
  });
});

describe.each([
  ["redis:8.0", "redis:6.0"],
  ["redis:8.0", "redis:7.0"],
])("keys that the target expires earlier than the stream, from %s to %s", (sourceImage, targetImage) => {
  beforeEach(async () => {
    await open(sourceImage, targetImage);
  });

  afterEach(async () => {
    await stop();
    await scene.stop();
  });

  it.each<[string, Command, Command]>([
    ["RPOPLPUSH", ["RPUSH", "from", 1, 2, 3], ["RPOPLPUSH", "from", "to"]],
    ["LMOVE", ["RPUSH", "from", 1, 2, 3], ["LMOVE", "from", "to", "LEFT", "LEFT"]],
    ["LMOVE as RPOPLPUSH", ["RPUSH", "from", 1, 2, 3], ["LMOVE", "from", "to", "RIGHT", "LEFT"]],
    ["SMOVE", ["SADD", "from", 1, 2, 3], ["SMOVE", "from", "to", 1]],
    ["COPY", ["SET", "from", "v"], ["COPY", "from", "to"]],
    ["COPY into another database", ["SET", "from", "v"], ["COPY", "from", "to", "DB", 1]],
    ["MOVE", ["SET", "from", "v"], ["MOVE", "from", 1]],
    ["RENAME", ["SET", "from", "v"], ["RENAME", "from", "to"]],
  ])("are copied again after %s", async (_what, make, command) => {
    await run(scene, make, ["PEXPIREAT", "from", LATER]);
    await caughtUp(scene, bridge);
    await scene.target.admin.call("PEXPIRE", "from", 1);
    await gone(scene.target.admin, "EXISTS", "from");
    await run(scene, command);
    expect(await outcome()).toEqual(SAME);
  });

  it("are copied again where they are renamed before the answer comes", async () => {
    await caughtUp(scene, bridge);
    const closed = await closedNow(scene);
    await stop();
    await run(
      scene,
      ["SET", "k", "5", "PX", SOON],
      ["INCR", "k"],
      ["PEXPIREAT", "k", LATER],
      ["RENAME", "k", "j"],
      ["SET", "clock", "running", "PX", SOON],
    );
    await gone(scene.source.admin, "EXISTS", "clock");
    ({ bridge, stop } = startBridge(scene, closed));
    expect(await outcome()).toEqual(SAME);
  });
});
