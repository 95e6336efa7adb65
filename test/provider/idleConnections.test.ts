import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import { whileAwake } from "../../components/engine/whileAwake.ts";
import { bearServer, CREDENTIALS, deploymentOf } from "../support/bornServer.ts";
import { PATIENT } from "../support/patientBake.ts";
import { SwitchScene } from "../support/switchScene.ts";

/** Of the servers, in seconds: longer than what keeps connections awake takes to come round, on a busy machine too. */
const TIMEOUT_S = 8;
/** Each takes the new colour's save a fiftieth of a second. */
const KEYS = 600;

test("an update goes on where servers end idle connections, while one saves and while one is baked", async () => {
  const [blue, green] = await Promise.all([
    bearServer("blue", { product: "redis", version: "7.0" }),
    bearServer("green", { product: "redis", version: "8.0" }),
  ]);
  const bake = { ...PATIENT, seconds: 60, maxErrorRepliesPerSecond: 0 };
  const scene = await SwitchScene.of([blue, green], { bake });
  try {
    for (let i = 0; i < KEYS; i++) await blue.admin.call("SET", `key:${i}`, i);
    await scene.awaitLinks();
    await green.admin.configSet("rdb-key-save-delay", 20_000);
    for (const { admin } of [blue, green]) await admin.configSet("timeout", TIMEOUT_S);
    await whileAwake([deploymentOf(blue), deploymentOf(green)], async () => {
      const over = new AbortController();
      const update = scene.update("blue", "green").finally(() => {
        over.abort();
      });
      await Promise.all([
        expect(update).rejects.toThrow(
          /the bake of green failed: error replies a second .* blue is live again, with every write/,
        ),
        disturbLate(scene, over.signal),
      ]);
    });
    expect(await scene.openColours()).toEqual(["blue"]);
  } finally {
    await scene.stop();
  }
});

/** Lets the bake last until idle connections are gone, and has the server answer with errors then. */
async function disturbLate(scene: SwitchScene, over: AbortSignal): Promise<void> {
  const isBaked = async (): Promise<true | undefined> =>
    (await scene.openColours()).includes("green") || over.aborted ? true : undefined;
  await until(isBaked, { timeoutMs: 120_000, intervalMs: 50, what: "green is live" });
  await scene.servers.green.admin.configSet("rdb-key-save-delay", 0);
  await delay(2_000 * TIMEOUT_S, undefined, { signal: over }).catch(() => undefined);
  const client = await RedisServer.connect(scene.endpoint, CREDENTIALS.application);
  while (!over.aborted) {
    await client.call("GET").catch(() => undefined);
    await delay(10);
  }
  client.close();
}
