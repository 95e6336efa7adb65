import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import { readGate } from "../../components/engine/gate.ts";
import { until } from "../../components/engine/until.ts";
import { bearPair, cutoverOf, deploymentOf, type BornServer } from "../support/bornServer.ts";
import { SwitchScene } from "../support/switchScene.ts";

let scene: SwitchScene;

/** Redis 7.0 is live, and 8.0 follows it. */
beforeEach(async () => {
  scene = await SwitchScene.of(await bearPair());
  await scene.servers.blue.admin.call("SET", "key", "value");
  await scene.servers.blue.admin.call("HSET", "hash", "field", "value");
  await scene.awaitLinks();
});

afterEach(async () => {
  await scene.stop();
});

/** As green's own command line does, while the process that runs the test stands still. */
function onBlue(...command: string[]): void {
  const login = ["--user", "test-admin", "--pass", "test-admin", "--no-auth-warning"];
  execFileSync("docker", ["exec", scene.servers.blue.container.getId(), "redis-cli", ...login, ...command]);
}

/** Waits until blue has gone on behind it. */
async function awaitOffsetOf({ admin }: BornServer): Promise<void> {
  const { blue } = scene.servers;
  const { offset } = await admin.replication();
  await until(async () => ((await blue.admin.replication()).offset >= offset ? true : undefined), {
    timeoutMs: 60_000,
    intervalMs: 20,
    what: "blue has gone on behind it",
  });
}

test("keys that differ after a cutover are remembered", async () => {
  const { blue, green } = scene.servers;
  const input = cutoverOf(deploymentOf(blue), deploymentOf(green));
  const cutover = cutOver({
    ...input,
    endpoint: green.target.primary.operator,
    onPhase: (phase) => {
      if (phase !== "rollback link") return;
      onBlue("CONFIG", "SET", "replica-read-only", "no");
      onBlue("SET", "key", "another");
    },
  });
  await expect(cutover).rejects.toThrow(/not finished: 1 of 2 keys differ between green and blue: db0 key/);
  expect((await readGate(blue.admin)).drift).toEqual({ what: "keys", count: 1 });
  await expect(scene.update("green", "blue")).rejects.toThrow(
    /drift: 1 keys of blue were found to differ from those of green: its data has drifted\. It can't copy green/,
  );
  expect(await scene.openColours()).toEqual(["green"]);
});

test("every key is compared where the counters were reset of a colour that rejected what it was sent", async () => {
  const { blue, green } = scene.servers;
  await Promise.all(Array.from({ length: 2_000 }, (_, i) => blue.admin.call("SET", `other:${i}`, "value")));
  await scene.update("blue", "green");
  await scene.awaitLinks();
  // Nothing but its value differs afterwards: one key in 2,002, of which a look at 20 finds next to nothing.
  await green.admin.call("SET", "source", "newer");
  const payload = await green.admin.client.dumpBuffer("source");
  await green.admin.call("RESTORE", "key", 0, payload, "REPLACE");
  await awaitOffsetOf(green);
  expect(await blue.admin.call("GET", "key")).toBe("value");
  await Promise.all([blue, green].map(({ admin }) => admin.call("CONFIG", "RESETSTAT")));
  await expect(scene.update("green", "blue")).rejects.toThrow(
    /abandoned: 1 of 2003 keys differ between green and blue: db0 key/,
  );
  expect(await scene.openColours()).toEqual(["green"]);
});

test("a rollback to a colour that rejected what it was sent is refused, also once it was restarted", async () => {
  const { blue, green } = scene.servers;
  await scene.update("blue", "green");
  await scene.awaitLinks();
  await green.admin.call("HPEXPIRE", "hash", 600_000, "FIELDS", 1, "field");
  await awaitOffsetOf(green);
  const refused = /drift: blue rejected 1 replicated commands of green/;
  await expect(scene.update("green", "blue")).rejects.toThrow(refused);

  // The next update with live unchanged leaves blue alone for good.
  await scene.update("green", "green");
  expect((await readGate(blue.admin)).drift).toEqual({ what: "commands", count: 1 });
  await blue.crash();
  expect((await readGate(blue.admin)).drift).toEqual({ what: "commands", count: 1 });
  await scene.update("green", "green");
  expect((await blue.admin.replication()).role).toBe("master");
  await expect(scene.update("green", "blue")).rejects.toThrow(
    /blue follows nobody since it was left behind, and lacks what green has taken since/,
  );
  expect(await scene.openColours()).toEqual(["green"]);
});
