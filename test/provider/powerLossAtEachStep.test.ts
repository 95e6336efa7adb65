import { afterAll, beforeAll, expect, test } from "vitest";
import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import { AcknowledgedKeys } from "../support/acknowledgedKeys.ts";
import { bearServer, openToClients, type Birth } from "../support/bornServer.ts";
import { SwitchScene } from "../support/switchScene.ts";
import { seedDataset } from "../support/workload/seed.ts";

let scene: SwitchScene;
let writer: AcknowledgedKeys | undefined;
/** Steps after which the update had to ask which colour holds the last write. */
const asked: string[] = [];

/** Servers that lose nothing of what they acknowledged, and can copy from each other both ways. */
beforeAll(async () => {
  const safe: Birth = {
    persistence: "aof",
    redis: { appendfsync: "always", "repl-diskless-sync-delay": "0" },
  };
  const bear = (colour: Colour) => bearServer(colour, { product: "redis", version: "8.0" }, safe);
  // Both come back with histories of their own: the standby can't continue, and has to be copied to.
  scene = await SwitchScene.of(await Promise.all([bear("blue"), bear("green")]), { reseed: true });
  await seedDataset(scene.endpoint, { keys: 200 });
  writer = new AcknowledgedKeys(scene.endpoint);
});

afterAll(async () => {
  try {
    await writer?.stop();
  } finally {
    await scene.stop();
  }
});

/**
 * Goes on as the next `pulumi up` does. Where the new colour took writes and came back before its file said that it is
 * open, only a person can tell that these are the clients'; here they open it, as they are told to.
 */
async function goOn(from: Colour, to: Colour, died: string): Promise<void> {
  try {
    await scene.update(from, to);
  } catch (error) {
    if (!String(error).includes(`${to} was restarted before it was known to serve: 1 of `)) throw error;
    asked.push(died);
    await openToClients(scene.servers[to]);
    await scene.servers[to].admin.configRewrite();
    await scene.update(from, to);
  }
}

/** Moves traffic by an update that dies together with both servers; these come back with what they wrote to their files. */
async function move(to: Colour, step: number): Promise<boolean> {
  const from = otherColour(to);
  const where = `towards ${to}, the power gone after step ${step}`;
  const isKilled = (await scene.update(from, to, step)) === undefined;
  await Promise.all([scene.servers.blue.crash(), scene.servers.green.crash()]);
  expect((await scene.openColours()).length, where).toBeLessThanOrEqual(1);
  await scene.awaitLinks();
  await goOn(from, to, where);
  expect(await scene.openColours(), where).toEqual([to]);
  expect(await scene.openInFiles(), where).toEqual([to]);
  await writer!.awaitWrites(10, where);
  return isKilled;
}

test("an update that dies together with both servers after any of its steps is brought to its end by the next one", async () => {
  let live: Colour = "blue";
  let step = 1;
  for (; await move(otherColour(live), step); step++) live = otherColour(live);
  expect(step).toBeGreaterThan(15);
  // Opened, but not in its file yet: after the opening itself, and after the proxy was told.
  expect(asked.length, asked.join("; ")).toBeLessThanOrEqual(2);
  const { blue, green } = scene.servers;
  expect(await writer!.missingOn(scene.servers[otherColour(live)].admin)).toEqual([]);
  expect((await compareDatasets(blue.admin, green.admin, { keys: "all" })).keysDifferent).toBe(0);
}, 1_200_000);
