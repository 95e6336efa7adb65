import { afterAll, beforeAll, expect, test } from "vitest";
import { abandonCutover } from "../../components/engine/cutover/abandon.ts";
import type { CutoverInput } from "../../components/engine/cutover/cutoverInput.ts";
import { follow, keepClosed } from "../../components/engine/follow.ts";
import { persistClosed, promoteCommands, readGate } from "../../components/engine/gate.ts";
import { holdForGood } from "../../components/engine/pause.ts";
import { takeOverConnections } from "../../components/engine/ownConnections.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import {
  bearPair,
  CREDENTIALS,
  cutoverOf,
  deploymentOf,
  openToClients,
  type BornServer,
} from "../support/bornServer.ts";
import { Relay } from "../support/relay.ts";

/** How long what is held back may be waited for, before its sender gives it up. Milliseconds. */
const PATIENCE_MS = 60_000;
/** How another update names its connections. */
const NEXT = "redis-bluegreen-operator-update-next";

let blue: BornServer;
let green: BornServer;
let relay: Relay;
let driver: RedisServer;

beforeAll(async () => {
  [blue, green] = await bearPair();
  relay = await Relay.to(blue.target.primary.operator);
});

afterAll(async () => {
  driver.close();
  relay.close();
  await Promise.all([blue.stop(), green.stop().catch(() => undefined)]);
});

/** Blue over the way that can be interrupted, green as it is. */
function inputOf(): CutoverInput {
  return cutoverOf(deploymentOf(blue, driver), deploymentOf(green));
}

test.each([
  // As a cutover from 6.0, or to a colour that the bridge feeds.
  ["connection", () => takeOverConnections(driver)],
  ["quick connection", () => driver.quicken()],
])(
  "a hold over a %s that arrives after the cutover was abandoned no longer closes the old colour",
  async (_, use) => {
    driver = await RedisServer.connect(relay.address, CREDENTIALS.operator, PATIENCE_MS);
    const input = inputOf();
    await follow(input.to, { ...input.from, primary: blue.admin }, CREDENTIALS);
    await use();
    relay.hold();
    const late = holdForGood(driver);
    const refused = expect(late).rejects.toThrow(/connection closed|no reply|Connection is closed/);
    expect(await abandonCutover(input)).toMatch(/^blue serves as before/);
    await relay.release();
    await refused;
    expect(await readGate(blue.admin)).toMatchObject({ proxyOn: true, fenced: false });
    driver.close();
  },
);

test("a hold of a killed update that arrives after the next one began is not carried out", async () => {
  const killed = await RedisServer.connect(relay.address, CREDENTIALS.operator, PATIENCE_MS);
  const next = await RedisServer.connect(blue.target.primary.operator, CREDENTIALS.operator);
  try {
    await takeOverConnections(killed, "redis-bluegreen-operator-update-killed");
    await killed.quicken();
    relay.hold();
    const late = holdForGood(killed);
    const refused = expect(late).rejects.toThrow(/connection closed|no reply/);
    await takeOverConnections(next);
    await relay.release();
    await refused;
    expect(await readGate(blue.admin)).toMatchObject({ proxyOn: true, fenced: false });
    // Its own connections, and those of people who only look, are left alone.
    expect(await next.call("PING")).toBe("PONG");
    expect(await blue.admin.call("PING")).toBe("PONG");
  } finally {
    killed.close();
    next.close();
  }
});

test("a cutover that stood still doesn't open the old colour where another update is at work, or has moved on", async () => {
  const other = await RedisServer.connect(blue.target.primary.operator, CREDENTIALS.operator);
  const leftAlone = "another update has gone on from here, so blue is left as it is";
  const isClosed = async (): Promise<boolean> => !(await readGate(blue.admin)).proxyOn;
  const input = { ...inputOf(), from: { ...inputOf().from, primary: blue.admin } };
  const handover = await holdForGood(blue.admin);
  await takeOverConnections(other, NEXT);
  expect(await abandonCutover(input)).toBe(leftAlone);
  other.close();
  await until(
    async () => (String(await blue.admin.call("CLIENT", "LIST")).includes(NEXT) ? undefined : true),
    {
      timeoutMs: 30_000,
      intervalMs: 5,
      what: "blue has seen the other update go",
    },
  );
  await green.admin.transaction(...promoteCommands(await readGate(green.admin)));
  await persistClosed(blue.admin, await readGate(blue.admin), handover);
  await openToClients(green);
  expect(await abandonCutover(input, handover)).toBe(leftAlone);
  expect(await isClosed()).toBe(true);

  await green.stop();
  expect(await abandonCutover(input, { ...handover, offset: handover.offset - 1 })).toBe(leftAlone);
  expect(await isClosed()).toBe(true);
  expect(await abandonCutover(input, handover)).toMatch(
    /^blue serves as before, green could not be looked after/,
  );
  expect(await isClosed()).toBe(false);
});

test("nor one that another update has left behind without a note", async () => {
  const input = { ...inputOf(), from: { ...inputOf().from, primary: blue.admin } };
  await keepClosed(input.from);
  expect((await readGate(blue.admin)).handedOver).toBeUndefined();
  expect(await abandonCutover(input)).toBe("another update has gone on from here, so blue is left as it is");
  expect(await readGate(blue.admin)).toMatchObject({ proxyOn: false, fenced: true });
});

test("a login that may not ask for connections is served all the same", async () => {
  await blue.admin.call(
    "ACL",
    "SETUSER",
    "restricted",
    "on",
    ">secret",
    "+@all",
    "-client|list",
    "-client|setname",
  );
  const login = { username: "restricted", password: "secret" };
  const server = await RedisServer.connect(blue.target.primary.operator, login);
  try {
    await expect(takeOverConnections(server)).resolves.toBeUndefined();
  } finally {
    server.close();
  }
});
