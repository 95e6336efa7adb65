import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hideCommands,
  openCommands,
  persistClosed,
  promoteCommands,
  readGate,
} from "../../components/engine/gate.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";
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
    born = await bearServer("blue", `${version.product}:${version.version}`, version);
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
    const file = (await born.container.exec(["cat", "/data/redis.conf"])).output;
    expect(file).toMatch(/^min-replicas-to-write 1000000$/m);
    expect(file).toMatch(/^user redis-bluegreen-proxy off .*handed-over:c141cad.*:2331882/m);
  });

  it("forgets a handover when it is opened", async () => {
    await openToClients(born);
    expect((await readGate(operator)).handedOver).toBeUndefined();
  });
});
