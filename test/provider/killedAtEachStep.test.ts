import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import { bearServer } from "../support/bornServer.ts";
import { SwitchScene } from "../support/switchScene.ts";
import { seedDataset } from "../support/workload/seed.ts";
import { Workload } from "../support/workload/workload.ts";

// Most of it is waiting.
describe.concurrent.each([
  ["7.0", "8.0", { bridge: false }, /^never$/],
  // The bridge feeds 6.0 on the way back. It can't hold writes for good: after a driver that died it refuses them.
  ["6.0", "8.0", { bridge: true }, /NOREPLICAS/],
])("from Redis %s to %s and back", (older, newer, options, isExpected) => {
  let scene: SwitchScene;
  let workload: Workload | undefined;

  beforeAll(async () => {
    const bear = (colour: Colour, version: string) => bearServer(colour, { product: "redis", version });
    scene = await SwitchScene.of(await Promise.all([bear("blue", older), bear("green", newer)]), options);
    const { endpoint } = scene;
    await seedDataset(endpoint, { keys: 200 });
    workload = await Workload.start({ endpoint, clients: 2, lanesPerClient: 2, ratePerClient: 50 });
  });

  afterAll(async () => {
    workload?.kill();
    await scene.stop();
  });

  /** Moves traffic by an update that is killed, and goes on as the next `pulumi up` does. @returns whether it was killed */
  async function move(to: Colour, step: number): Promise<boolean> {
    const where = `towards ${to}, killed after step ${step}`;
    const isKilled = (await scene.update(otherColour(to), to, step)) === undefined;
    expect((await scene.openColours()).length, where).toBeLessThanOrEqual(1);
    expect((await scene.openInFiles()).length, where).toBeLessThanOrEqual(1);
    if (isKilled) await scene.update(otherColour(to), to);
    expect(await scene.openColours(), where).toEqual([to]);
    expect(await scene.openInFiles(), where).toEqual([to]);
    expect(await scene.traffic(), where).toBe(to);
    expect(await scene.hasDiff(to), where).toBe(false);
    expect(await scene.isLinkedInFile(otherColour(to)), where).toBe(true);
    await workload!.awaitWrites(10);
    return isKilled;
  }

  test("an update that is killed after any of its steps is brought to its end by the next one", async () => {
    const killed: Record<Colour, number> = { green: 0, blue: 0 };
    for (let step = 1, goesOn = true; goesOn; step++) {
      goesOn = false;
      for (const to of ["green", "blue"] as const) {
        if (!(await move(to, step))) continue;
        killed[to] = step;
        goesOn = true;
      }
    }
    // Every step of the cutover proper: hold, fence, promotion, both files, opening, proxy, file, rollback link.
    expect(Math.min(killed.green, killed.blue)).toBeGreaterThan(15);
    const { total, findings } = await workload!.stop();
    expect(total, findings.join("\n")).toMatchObject({ lostWrites: 0, repeatedWrites: 0 });
    expect(findings.filter((text) => !isExpected.test(text))).toEqual([]);
    const { blue, green } = scene.servers;
    expect((await compareDatasets(blue.admin, green.admin, { keys: "all" })).keysDifferent).toBe(0);
  }, 1_200_000);
});
