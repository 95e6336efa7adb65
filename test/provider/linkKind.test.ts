import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import { follow } from "../../components/engine/follow.ts";
import { isFed, noteDrift, readGate } from "../../components/engine/gate.ts";
import { ensureLink, linkRefusal, linkStatus } from "../../components/engine/replicationLink.ts";
import { setRaised } from "../../components/engine/selfDescribing.ts";
import { until } from "../../components/engine/until.ts";
import { bearPair, CREDENTIALS, deploymentOf, type BornServer } from "../support/bornServer.ts";
import { bridgeSettings, runBridge } from "../support/bridgeBeside.ts";

let blue: BornServer;
let green: BornServer;
let bridge: Bridge;
let stopBridge: () => Promise<void>;

beforeAll(async () => {
  [blue, green] = await bearPair();
  await write("before");
  await green.admin.configSet("maxmemory-policy", "allkeys-lru");
  await green.admin.configSet("maxmemory", 100_000_000);
  ({ bridge, stop: stopBridge } = runBridge(bridgeSettings({ blue, green })));
});

afterAll(async () => {
  await stopBridge();
  await Promise.all([blue.stop(), green.stop()]);
});

async function limitOfGreen(): Promise<(string | undefined)[]> {
  const config = await green.admin.configGet("maxmemory-policy", "maxmemory");
  return ["maxmemory-policy", "maxmemory"].map((name) => config.get(name));
}

function link(translated: boolean, anew = false) {
  return {
    live: deploymentOf(blue),
    standby: deploymentOf(green),
    credentials: CREDENTIALS,
    syncTimeoutMs: 60_000,
    reseed: false,
    translated,
    anew,
    pathPrefix: "",
    progress: () => undefined,
  };
}

async function write(value: string): Promise<void> {
  await blue.admin.call("SET", "key", value);
}

/** Green's reading is the operator's: its clients are closed out. */
async function arrives(value: string): Promise<void> {
  await until(async () => ((await green.admin.call("GET", "key")) === value ? true : undefined), {
    timeoutMs: 60_000,
    intervalMs: 20,
    what: `green has ${value}`,
  });
}

test("a standby that follows is fed instead where the bridge comes into use, and goes on from where it is", async () => {
  await follow(deploymentOf(green), deploymentOf(blue), CREDENTIALS);
  await arrives("before");
  // As a cutover leaves a live colour whose standby is older and follows by itself: no full copy begins.
  await setRaised(blue.admin, "repl-diskless-sync-delay", true);
  await blue.admin.configRewrite();
  expect(await linkStatus(deploymentOf(blue), deploymentOf(green))).toBe("up");
  expect(await linkRefusal(link(true))).toBeUndefined();
  await ensureLink(link(true));
  expect(isFed(await readGate(green.admin))).toBe(true);
  await write("by the bridge");
  await arrives("by the bridge");
  expect(bridge.figures.fullCopies).toBe(0);
});

test("no key leaves it by itself meanwhile", async () => {
  expect(await limitOfGreen()).toEqual(["noeviction", "0"]);
});

test("and is left as it is by the next update", async () => {
  const { replid } = await green.admin.replication();
  await ensureLink(link(true));
  expect((await green.admin.replication()).replid).toBe(replid);
  expect(await linkStatus(deploymentOf(blue), deploymentOf(green))).toBe("up");
});

test("and says so in its file, although the update that began it died, or failed, before", async () => {
  await setRaised(green.admin, "repl-ping-replica-period", true);
  await green.container.exec(["sed", "-i", "s/~redis-bluegreen:fed:[^ ]*//", "/data/redis.conf"]);
  expect(await green.file()).not.toContain("redis-bluegreen:fed:");
  await ensureLink(link(true));
  expect(await green.file()).toContain("redis-bluegreen:fed:");
  expect(await setRaised(green.admin, "repl-ping-replica-period", false)).toBe(false);
});

test("and is copied to anew where its data has drifted", async () => {
  await noteDrift(green.admin, { what: "keys", count: 1 });
  await green.admin.call("SET", "key", "drifted");
  await ensureLink(link(true, true));
  expect(bridge.figures.fullCopies).toBe(1);
  expect(await green.admin.call("GET", "key")).toBe("by the bridge");
  expect((await readGate(green.admin)).drift).toBeUndefined();
  expect(await limitOfGreen()).toEqual(["noeviction", "0"]);
});

test("and goes on after a crash of the live colour", async () => {
  await blue.crash();
  await write("after the crash");
  await arrives("after the crash");
});

test("it follows again where the bridge goes out of use", async () => {
  await ensureLink(link(false));
  expect((await green.admin.replication()).role).toBe("replica");
  await write("by replication");
  await arrives("by replication");
  expect(await limitOfGreen()).toEqual(["allkeys-lru", "100000000"]);
});
