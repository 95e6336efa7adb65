import { afterEach, expect, test } from "vitest";
import { until } from "../../components/engine/until.ts";
import { bearServer, type BornServer } from "../support/bornServer.ts";
import { PATIENT } from "../support/patientBake.ts";
import { SwitchScene } from "../support/switchScene.ts";

let scene: SwitchScene | undefined;

afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

/** Blue without a limit is live, and green with a small one follows it. */
async function sceneWithSmallGreen(maxMemoryPercent: number): Promise<SwitchScene> {
  const servers: [BornServer, BornServer] = await Promise.all([
    bearServer("blue", { product: "redis", version: "7.0" }),
    bearServer("green", { product: "redis", version: "8.0" }, { redis: { maxmemory: "24mb" } }),
  ]);
  const bake = { ...PATIENT, seconds: 60, maxMemoryPercent, maxErrorRepliesPerSecond: 1_000_000 };
  scene = await SwitchScene.of(servers, { bake });
  await scene.awaitLinks();
  return scene;
}

/** Writes to a colour as soon as it is open, until it is full. @returns how many keys it took */
async function fill(made: SwitchScene, { admin }: BornServer): Promise<number> {
  await until(async () => ((await made.openColours()).includes("green") ? true : undefined), {
    timeoutMs: 120_000,
    intervalMs: 100,
    what: "green is open",
  });
  const value = "x".repeat(100_000);
  for (let i = 0; ; i++) {
    try {
      await admin.call("SET", `key:${i}`, value);
    } catch (error) {
      expect(String(error)).toMatch(/OOM/);
      return i;
    }
  }
}

test("a new colour that is full is left again, with all that it took", async () => {
  const made = await sceneWithSmallGreen(95);
  const { blue, green } = made.servers;
  const refused = expect(made.update("blue", "green")).rejects.toThrow(
    /used memory in % of maxmemory .* blue is live again, with every write that green took/,
  );
  const keys = await fill(made, green);
  await refused;
  expect(await made.openColours()).toEqual(["blue"]);
  expect(await made.traffic()).toBe("blue");
  expect(await blue.admin.call("DBSIZE")).toBeGreaterThanOrEqual(keys);
  expect(keys, "as much as makes green full").toBeGreaterThan(100);
  await blue.admin.call("SET", "after", 1);
});
