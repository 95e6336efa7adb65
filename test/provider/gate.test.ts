import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hideCommands,
  openCommands,
  persistClosed,
  promoteCommands,
  readGate,
} from "../../components/engine/gate.ts";
import { keepClosed } from "../../components/engine/follow.ts";
import { holdForGood, pausesWritesOnly, pauseWrites } from "../../components/engine/pause.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";
import { until } from "../../components/engine/until.ts";
import { PROXY_USER } from "../../components/engine/users.ts";
import { bearServer, CREDENTIALS, openToClients, type BornServer } from "../support/bornServer.ts";

const HANDOVER = { replid: "c141cad2650533798f9b2a9f0ba469913484b5ec", offset: 2_331_882 };

describe.each<ServerVersion>([
  { product: "redis", version: "6.0" },
  { product: "redis", version: "7.0" },
  { product: "redis", version: "8.0" },
])("the gate of $product $version", (version) => {
  let born: BornServer;
  let operator: RedisServer;

  beforeAll(async () => {
    born = await bearServer("blue", version);
    operator = await born.as(CREDENTIALS.operator);
  });

  afterAll(async () => {
    operator.close();
    await born.stop();
  });

  it("notes that a promoted server was not opened, until it is", async () => {
    await operator.transaction(...promoteCommands(await readGate(operator)));
    expect(await readGate(operator)).toMatchObject({ proxyOn: false, fenced: true, unopened: true });
    await operator.transaction(...openCommands(await readGate(operator)));
    const gate = await readGate(operator);
    expect(gate).toMatchObject({ proxyOn: true, fenced: false });
    expect(gate.unopened).toBeUndefined();
    await operator.transaction(...hideCommands());
    expect((await readGate(operator)).unopened).toBeUndefined();
  });

  it("does not take a server that is no longer fenced for one that was not opened", async () => {
    await operator.transaction(...promoteCommands(await readGate(operator)));
    await operator.configSet("min-replicas-to-write", 0);
    expect((await readGate(operator)).unopened).toBeUndefined();
  });

  it("is closed on disk while writes are not refused in memory", async () => {
    await openToClients(born);
    expect(await persistClosed(operator, await readGate(operator), HANDOVER)).toBe(true);
    expect(await readGate(operator)).toMatchObject({ proxyOn: false, fenced: false, handedOver: HANDOVER });
    const file = await born.file();
    expect(file).toMatch(/^min-replicas-to-write 1000000$/m);
    expect(file).toMatch(/^user redis-bluegreen-proxy off .*handed-over:c141cad.*:2331882/m);
  });

  it("remembers that a bake failed until it is promoted again, whatever it does meanwhile", async () => {
    await openToClients(born);
    const gate = { ...(await readGate(operator)), rolledBack: "20261122T1" };
    await persistClosed(operator, gate, HANDOVER);
    expect(await born.file()).toMatch(/^user redis-bluegreen-proxy off .*rolled-back:20261122T1/m);
    await keepClosed({ target: born.target, colour: "blue", primary: operator });
    expect((await readGate(operator)).rolledBack).toBe("20261122T1");
    await operator.transaction(...promoteCommands(await readGate(operator)));
    expect((await readGate(operator)).rolledBack).toBeUndefined();
  });

  it("gives a check that has logged in no answer any more", async () => {
    await openToClients(born);
    const check = connect(born.target.primary.operator);
    const received: string[] = [];
    check.on("error", () => undefined);
    check.on("data", (chunk: Buffer) => received.push(chunk.toString()));
    check.write(`AUTH ${PROXY_USER} -\r\n`);
    await until(() => Promise.resolve(received.join("") === "+OK\r\n" || undefined), {
      timeoutMs: 30_000,
      intervalMs: 5,
      what: "the check is logged in",
    });
    const closed = new Promise((resolve) => check.once("close", resolve));
    await pauseWrites(operator, {
      version: version.version,
      gate: await readGate(operator),
      durationMs: 1_000,
      persist: await operator.configRewriteCommands(),
    });
    if (pausesWritesOnly(version.version)) await holdForGood(operator);
    check.write("ROLE\r\n");
    await closed;
    expect(received.join("")).toBe("+OK\r\n");
  });

  it("forgets a handover when it is opened", async () => {
    await openToClients(born);
    expect((await readGate(operator)).handedOver).toBeUndefined();
  });
});
