import { afterAll, beforeAll, expect, test } from "vitest";
import { noteDrift, readGate } from "../../components/engine/gate.ts";
import { bearPair } from "../support/bornServer.ts";
import { SwitchScene } from "../support/switchScene.ts";

let scene: SwitchScene;

/** Redis 7.0 is live, 8.0 follows it, and where reports go there can't be a directory. */
beforeAll(async () => {
  // Passed by whatever answers.
  const bake = { seconds: 12, maxP50Ms: 0 };
  scene = await SwitchScene.of(await bearPair(), { bake, reportDirectory: "/dev/null/reports" });
  await scene.awaitLinks();
});

afterAll(async () => {
  await scene.stop();
});

test("a cutover is made, judged by its bake and taken back as if its reports were written", async () => {
  await expect(scene.update("blue", "green")).rejects.toThrow(
    /the bake of green failed: .*blue is live again, with every write that green took/,
  );
  expect(await scene.openColours()).toEqual(["blue"]);
  expect((await readGate(scene.servers.green.admin)).rolledBack).toBeDefined();
});

test("a cutover that fails says why", async () => {
  await scene.awaitLinks();
  await noteDrift(scene.servers.green.admin, { what: "keys", count: 1 });
  await expect(scene.update("blue", "green")).rejects.toThrow(
    /cutover to green abandoned: .*1 keys of green were found to differ/,
  );
  expect(await scene.openColours()).toEqual(["blue"]);
});
