import { afterEach, expect, test } from "vitest";
import type { Persistence } from "../../components/arguments.ts";
import type { Colour } from "../../components/engine/colour.ts";
import { bearServer } from "../support/bornServer.ts";
import { SwitchScene } from "../support/switchScene.ts";

const KEYS = 500;

let scene: SwitchScene | undefined;

afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

test.each(["6.0", "7.0", "8.0"])("Redis %s saves when it is told to", async (version) => {
  const rules = "900 1 300 10";
  const server = await bearServer("blue", { product: "redis", version }, { redis: { save: rules } });
  try {
    expect((await server.admin.configGet("save")).get("save")).toBe(rules);
  } finally {
    await server.stop();
  }
});

test.each<[Persistence, string, boolean]>([
  ["rdb", "7.0", false],
  ["aof", "7.0", false],
  ["rdb", "6.0", true],
])(
  "a new colour that is killed as soon as it serves comes back with what it was given (%s, after Redis %s)",
  async (persistence, old, bridge) => {
    const bear = (colour: Colour, version: string) =>
      bearServer(colour, { product: "redis", version }, { persistence });
    scene = await SwitchScene.of(await Promise.all([bear("blue", old), bear("green", "8.0")]), { bridge });
    const { blue, green } = scene.servers;
    for (let i = 0; i < KEYS; i++) await blue.admin.call("SET", `key:${i}`, i);
    await scene.awaitLinks();
    await scene.update("blue", "green");
    await green.crash();
    expect(await scene.openColours()).toEqual(["green"]);
    expect(await green.admin.call("DBSIZE")).toBeGreaterThanOrEqual(KEYS);
  },
);
