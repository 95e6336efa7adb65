import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bridge } from "../../components/engine/bridge/bridge.ts";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import { isFed, readGate } from "../../components/engine/gate.ts";
import { ensureLink, removeLink } from "../../components/engine/replicationLink.ts";
import { until } from "../../components/engine/until.ts";
import {
  bearPair,
  CREDENTIALS,
  cutoverOf,
  deploymentOf,
  followUntilUp,
  type BornServer,
} from "../support/bornServer.ts";
import { bridgeSettings, runBridge } from "../support/bridgeBeside.ts";

/** The one database that the application uses. */
const THEIRS = 3;
/** The database that holds the bridge's own keys on a server that is fed. */
const LAST = 15;

let blue: BornServer;
let green: BornServer;
let bridge: Bridge;
let stopBridge: () => Promise<void>;

beforeAll(async () => {
  [blue, green] = await bearPair();
  ({ bridge, stop: stopBridge } = runBridge(bridgeSettings({ blue, green })));
});

afterAll(async () => {
  await stopBridge();
  await Promise.all([blue.stop(), green.stop()]);
});

async function write({ admin }: BornServer, value: string, database: number): Promise<void> {
  await admin.transaction(["SELECT", database], ["SET", "key", value], ["SELECT", 0]);
}

/** What a server holds in the first database, in the application's, and in the last one. */
async function values({ admin }: BornServer): Promise<unknown[]> {
  const replies = await admin.transaction(
    ["GET", "key"],
    ["SELECT", THEIRS],
    ["GET", "key"],
    ["SELECT", LAST],
    ["GET", "key"],
    ["SELECT", 0],
  );
  return [replies[0], replies[2], replies[4]];
}

/** Waits until a server has a value in whichever database. */
async function arrives(server: BornServer, value: string): Promise<void> {
  await until(async () => ((await values(server)).includes(value) ? true : undefined), {
    timeoutMs: 60_000,
    intervalMs: 20,
    what: `${server.target.colour} has ${value}`,
  });
}

/** Has the bridge carry the link from blue to green. */
async function translate(): Promise<void> {
  await ensureLink({
    live: deploymentOf(blue),
    standby: deploymentOf(green),
    credentials: CREDENTIALS,
    syncTimeoutMs: 60_000,
    reseed: false,
    translated: true,
    pathPrefix: "",
    progress: () => undefined,
  });
}

async function makeLive(from: BornServer, to: BornServer): Promise<void> {
  const verdict = { kind: "lossless (translated)" as const, reason: "", warnings: [] };
  const input = cutoverOf(deploymentOf(from), deploymentOf(to));
  await cutOver({ ...input, verdict, endpoint: to.target.primary.operator });
  expect(isFed(await readGate(from.admin))).toBe(true);
}

test("a standby that followed is fed in the database that the stream was in, without a copy", async () => {
  await write(blue, "before", THEIRS);
  await followUntilUp(green, blue);
  await write(blue, "by replication", THEIRS);
  await arrives(green, "by replication");
  await translate();
  await write(blue, "by the bridge", THEIRS);
  await arrives(green, "by the bridge");
  expect(await values(green)).toEqual([null, "by the bridge", null]);
  expect(bridge.figures.fullCopies).toBe(0);
});

test("one that was left before is copied to, as nobody noted that database", async () => {
  await followUntilUp(green, blue);
  await write(blue, "followed again", THEIRS);
  await arrives(green, "followed again");
  expect(await removeLink(deploymentOf(blue), deploymentOf(green))).toBe(true);
  await translate();
  await write(blue, "behind a gap", THEIRS);
  await arrives(green, "behind a gap");
  expect(await values(green)).toEqual([null, "behind a gap", null]);
  expect(bridge.figures.fullCopies).toBe(1);
});

test("a promotion begins with a database, so that the old colour goes on without a copy", async () => {
  await followUntilUp(green, blue);
  await makeLive(blue, green);
  await write(green, "on green", THEIRS);
  await arrives(blue, "on green");
  expect(await values(blue)).toEqual([null, "on green", null]);
  expect(bridge.figures.fullCopies).toBe(1);
});

test("a colour that was fed goes on in the database of the bridge's own keys", async () => {
  await makeLive(green, blue);
  await write(blue, "on blue", LAST);
  await arrives(green, "on blue");
  expect(await values(green)).toEqual([null, "on green", "on blue"]);
});

test("and without a copy where the application's is another one", async () => {
  const { fullCopies } = bridge.figures;
  await makeLive(blue, green);
  await makeLive(green, blue);
  await write(blue, "on blue again", THEIRS);
  await arrives(green, "on blue again");
  expect(await values(green)).toEqual([null, "on blue again", "on blue"]);
  expect(bridge.figures.fullCopies).toBe(fullCopies);
});
