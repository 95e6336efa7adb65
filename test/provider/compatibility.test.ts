import {
  GenericContainer,
  Network,
  Wait,
  type StartedNetwork,
  type StartedTestContainer,
} from "testcontainers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canReplicate } from "../../components/engine/compatibility/matrix.ts";
import { rollbackVerdict } from "../../components/engine/compatibility/rollbackVerdict.ts";
import { commandsInUse } from "../../components/engine/compatibility/wayBack.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";

/** No heartbeats: one between a promotion and the end of its link would put the old server ahead, and cost a full copy. */
const SETTINGS = [
  ...["--save", "", "--protected-mode", "no"],
  ...["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "3600"],
];

let network: StartedNetwork;
const containers: StartedTestContainer[] = [];

interface Node {
  server: RedisServer;
  ip: string;
}

async function start(image: string): Promise<Node> {
  const program = image.startsWith("valkey") ? "valkey-server" : "redis-server";
  const container = await new GenericContainer(image)
    .withCommand([program, ...SETTINGS])
    .withNetwork(network)
    .withLabels({ "redis-bluegreen-test": "compatibility" })
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  containers.push(container);
  const address = { host: "127.0.0.1", port: container.getMappedPort(6379) };
  const server = await RedisServer.connect(address, { username: "default" });
  return { server, ip: container.getIpAddress(network.getName()) };
}

async function follow(replica: Node, master: Node): Promise<void> {
  await replica.server.call("REPLICAOF", master.ip, 6379);
  await inSync(replica, master);
}

async function inSync(replica: Node, master: Node): Promise<void> {
  const probe = async () => {
    const [to, from] = await Promise.all([replica.server.replication(), master.server.replication()]);
    return to.linkUp && to.offset === from.offset ? true : undefined;
  };
  await until(probe, { timeoutMs: 60_000, intervalMs: 20, what: "the replica is in sync" });
}

beforeAll(async () => {
  network = await new Network().start();
});

afterAll(async () => {
  for (const container of containers) await container.stop({ timeout: 1_000 });
  await network.stop();
});

/** What an old server makes of a newer one's stream, beside the verdict on it. */
describe.each([
  ["redis:7.0", "redis:8.0"],
  ["redis:7.0", "valkey/valkey:8.1"],
])("%s behind %s", (oldImage, newerImage) => {
  let old: Node;
  let newer: Node;

  beforeAll(async () => {
    [old, newer] = await Promise.all([start(oldImage), start(newerImage)]);
    await follow(newer, old);
    await newer.server.call("REPLICAOF", "NO", "ONE");
    await follow(old, newer);
  });

  afterAll(() => {
    old.server.close();
    newer.server.close();
  });

  async function verdictNow() {
    const info = await newer.server.info("commandstats");
    return rollbackVerdict(await old.server.version(), await newer.server.version(), commandsInUse(info));
  }

  it("continues without a full copy, which the matrix says it couldn't read", async () => {
    expect(canReplicate(await newer.server.version(), await old.server.version()).ok).toBe(false);
    expect((await newer.server.info("stats")).get("sync_full")).toBe("0");
  });

  it("applies the forms of everyday commands", async () => {
    await newer.server.call("SET", "s", "v", "EX", 900);
    await newer.server.call("XADD", "st", "1-1", "a", "b");
    await newer.server.call("XGROUP", "CREATE", "st", "g", 0);
    await newer.server.call("XREADGROUP", "GROUP", "g", "c", "STREAMS", "st", ">");
    await newer.server.call("HINCRBYFLOAT", "h", "f", "1.5");
    await inSync(old, newer);
    expect(await old.server.call("HGET", "h", "f")).toBe("1.5");
    expect(await old.server.call("PEXPIRETIME", "s")).toBe(await newer.server.call("PEXPIRETIME", "s"));
    expect(await old.server.call("XPENDING", "st", "g")).toEqual(
      await newer.server.call("XPENDING", "st", "g"),
    );
    expect((await verdictNow()).kind).toBe("lossless (native)");
  });

  it("loses a RESTORE without breaking the link, and the verdict says so", async () => {
    await newer.server.call("RPUSH", "list", "a", "b");
    const payload = await newer.server.client.callBuffer("DUMP", ["list"]);
    await newer.server.call("RESTORE", "restored", 0, payload as Buffer);
    await inSync(old, newer);
    expect(await newer.server.call("EXISTS", "restored")).toBe(1);
    expect(await old.server.call("EXISTS", "restored")).toBe(0);
    expect(await verdictNow()).toMatchObject({
      kind: "backup only",
      reason: expect.stringContaining("RESTORE") as string,
    });
  });

  it("loses a FUNCTION RESTORE as well, but not a FUNCTION LOAD", async () => {
    const code = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
    await newer.server.call("FUNCTION", "LOAD", code);
    await inSync(old, newer);
    expect(await old.server.call("FUNCTION", "LIST")).toHaveLength(1);
    const payload = await newer.server.client.callBuffer("FUNCTION", ["DUMP"]);
    await newer.server.call("FUNCTION", "FLUSH");
    await newer.server.call("FUNCTION", "RESTORE", payload as Buffer);
    await inSync(old, newer);
    expect(await newer.server.call("FUNCTION", "LIST")).toHaveLength(1);
    expect(await old.server.call("FUNCTION", "LIST")).toHaveLength(0);
  });
});
