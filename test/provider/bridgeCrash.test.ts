import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bridgeTargetRules } from "../../components/engine/bridge/aclRules.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { PROXY_USER } from "../../components/engine/users.ts";
import { until } from "../../components/engine/until.ts";
import {
  caughtUp,
  compare,
  keepBacklog,
  openScene,
  startBridge,
  closedNow,
  versionOfImage,
  type BridgeScene,
} from "./bridgeScene.ts";

const MAIN = fileURLToPath(new URL("../../components/engine/bridge/main.ts", import.meta.url));
const COUNTERS = 50;

/** A bridge in a process of its own, as it runs in production. */
class BridgeProcess {
  readonly child: ChildProcess;
  output = "";

  constructor({ settings }: BridgeScene) {
    const { source, target } = settings;
    this.child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env["PATH"],
        REDIS_BRIDGE_SOURCE_HOST: source.address.host,
        REDIS_BRIDGE_SOURCE_PORT: String(source.address.port),
        REDIS_BRIDGE_SOURCE_USERNAME: source.login.username,
        REDIS_BRIDGE_SOURCE_PASSWORD: source.login.password,
        REDIS_BRIDGE_TARGET_HOST: target.address.host,
        REDIS_BRIDGE_TARGET_PORT: String(target.address.port),
        REDIS_BRIDGE_TARGET_USERNAME: target.login.username,
        REDIS_BRIDGE_TARGET_PASSWORD: target.login.password,
        REDIS_BRIDGE_STATUS_HOST: "127.0.0.1",
        REDIS_BRIDGE_STATUS_PORT: "0",
      },
    });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill(signal);
    await gone;
  }
}

/** Counters, lists and transactions, so that anything lost or repeated shows; returns how many rounds it wrote. */
async function writeFor(scene: BridgeScene, ms: number): Promise<number> {
  const { client } = scene.source.admin;
  const end = performance.now() + ms;
  let rounds = 0;
  while (performance.now() < end) {
    const pipeline = client.pipeline();
    for (let i = 0; i < 20; i++, rounds++) {
      pipeline.incr(`counter:${rounds % COUNTERS}`).rpush(`list:${rounds % 7}`, rounds);
      pipeline.call("MULTI").incr("pair:a").select(3).incr("pair:b").select(0).call("EXEC");
      pipeline.set(`expiring:${rounds % 100}`, rounds, "EX", 900);
      pipeline.hincrby("hash", `field:${rounds % 10}`, 1).expire("hash", 1_000);
    }
    await pipeline.exec();
    await delay(2);
  }
  return rounds;
}

/** Notes on the target, as a cutover does, that it is closed at the source's offset of now. */
async function closeTarget({ source, target }: BridgeScene): Promise<void> {
  const { replid, offset } = await source.admin.replication();
  const note = `~redis-bluegreen:handed-over:${replid}:${offset}`;
  await target.admin.call("ACL", "SETUSER", PROXY_USER, "reset", "off", "nopass", "-@all", note);
}

describe.each([
  ["redis:7.0", "redis:6.0"],
  ["redis:8.0", "redis:7.0"],
  ["redis:8.0", "redis:8.0"],
])("a bridge from %s to %s", (sourceImage, targetImage) => {
  let scene: BridgeScene;
  const processes: BridgeProcess[] = [];
  const start = (): BridgeProcess => {
    const made = new BridgeProcess(scene);
    processes.push(made);
    return made;
  };

  beforeEach(async () => {
    scene = await openScene(sourceImage, targetImage);
    await keepBacklog(scene);
    await closeTarget(scene);
  });

  afterEach(async () => {
    for (const made of processes.splice(0)) await made.kill("SIGKILL");
    await scene.stop();
  });

  it("loses and repeats nothing while two of it fight, are frozen and killed", async () => {
    const writing = writeFor(scene, 6_000);
    let two = [start(), start()];
    await delay(600);
    for (let round = 0; round < 8; round++) {
      const victim = two[round % 2]!;
      if (round % 3 === 2) {
        victim.child.kill("SIGSTOP");
        await delay(200);
        victim.child.kill("SIGCONT");
        await delay(200);
      } else {
        await victim.kill("SIGKILL");
        await delay(80 * (round % 4));
        two = two.map((one) => (one === victim ? start() : one));
        await delay(350);
      }
    }
    const rounds = await writing;
    for (const made of processes) await made.kill("SIGKILL");
    // No look at the gate: the position that is there tells where to go on.
    const { bridge, stop } = startBridge(scene, { look: () => Promise.resolve({ is: "closed" }) });
    await caughtUp(scene, bridge);
    expect(bridge.figures.fullCopies).toBe(0);
    await stop();
    expect(Number(await scene.target.admin.call("GET", "pair:a"))).toBe(rounds);
    expect((await compare(scene)).samples).toEqual([]);
    for (const made of processes) expect(made.output).not.toContain(scene.settings.source.login.password);
    expect(processes.some(({ output }) => output.includes('"applying"'))).toBe(true);
  });

  it("writes nothing more once the target is opened, a batch on its way included", async () => {
    const { bridge, stop } = startBridge(scene, await closedNow(scene));
    const writing = writeFor(scene, 1_200);
    await delay(600);
    const { username } = scene.settings.target.login;
    await scene.target.admin.transaction(
      ["ACL", "SETUSER", username, "off", "-@all", "resetkeys"],
      ["CLIENT", "KILL", "USER", username],
      ["SET", "opened", "yes"],
    );
    const offset = (await scene.target.admin.replication()).offset;
    const pairs = await pairOf(scene.target.admin);
    expect(pairs[0]).toBe(pairs[1]);
    await writing;
    expect((await scene.target.admin.replication()).offset).toBe(offset);
    expect(await pairOf(scene.target.admin)).toEqual(pairs);
    expect(bridge.status()).toMatchObject({ state: "waiting", lossless: false });
    // Closed again, it goes on where it was.
    const rules = bridgeTargetRules(versionOfImage(targetImage)).split(" ");
    await scene.target.admin.call("ACL", "SETUSER", username, "on", ...rules);
    await caughtUp(scene, bridge);
    await stop();
    await scene.target.admin.call("DEL", "opened");
    expect((await compare(scene)).samples).toEqual([]);
  });

  it("refuses a whole transaction that was queued before the target was opened", async () => {
    const { username, password } = scene.settings.target.login;
    const bridge = await RedisServer.connect(scene.target.admin.address, {
      username,
      password: password ?? "",
    });
    await bridge.call("MULTI");
    await bridge.call("SET", "queued", "1");
    await bridge.call("INCR", "queued too");
    await scene.target.admin.call("ACL", "SETUSER", username, "off", "-@all", "resetkeys");
    await expect(bridge.call("EXEC")).rejects.toThrow(/NOPERM|EXECABORT/);
    expect(await scene.target.admin.call("EXISTS", "queued", "queued too")).toBe(0);
    bridge.close();
  });

  it("copies again where the source's backlog doesn't reach back, while clients write", async () => {
    const first = startBridge(scene, await closedNow(scene));
    await writeFor(scene, 200);
    await caughtUp(scene, first.bridge);
    await first.stop();
    await scene.source.admin.call("DEL", "list:1");
    await scene.target.admin.call("SET", "only here", "x");
    const { client } = scene.source.admin;
    for (let i = 0; i < 30; i++)
      await client.mset(
        Object.fromEntries(Array.from({ length: 200 }, (_, k) => [`filler:${i}:${k}`, "x".repeat(300)])),
      );
    for (let i = 0; i < 20; i++)
      await client.sadd("large set", ...Array.from({ length: 1_000 }, (_, k) => `member:${i}:${k}`));
    const flushes = await keysFlushed(scene.target.admin);
    const { bridge, stop } = startBridge(scene, { look: () => Promise.resolve({ is: "closed" }) });
    await Promise.all([
      writeFor(scene, 1_500),
      until(() => Promise.resolve(bridge.status().state === "resyncing" ? true : undefined), {
        timeoutMs: 5_000,
        intervalMs: 1,
        what: "it copies",
      }),
    ]);
    await caughtUp(scene, bridge);
    expect(bridge.figures.fullCopies).toBe(1);
    await stop();
    expect(await keysFlushed(scene.target.admin)).toBe(flushes);
    expect((await compare(scene)).samples).toEqual([]);
  });
});

async function pairOf(server: RedisServer): Promise<[number, number]> {
  const a = Number(await server.call("GET", "pair:a"));
  await server.call("SELECT", 3);
  const b = Number(await server.call("GET", "pair:b"));
  await server.call("SELECT", 0);
  return [a, b];
}

async function keysFlushed(server: RedisServer): Promise<string> {
  const stats = await server.info("commandstats");
  return [...stats].filter(([name]) => /flush/.test(name)).join(" ");
}
