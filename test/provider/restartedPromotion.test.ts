import { afterAll, beforeAll, expect, test } from "vitest";
import { settle } from "../../components/engine/cutover/settle.ts";
import { situationOf, type Situation } from "../../components/engine/cutover/serving.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { openCommands, persistClosed, promoteCommands, readGate } from "../../components/engine/gate.ts";
import { holdForGood } from "../../components/engine/pause.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { NO_TRAFFIC } from "../../components/engine/traffic.ts";
import {
  bearPair,
  CREDENTIALS,
  deploymentOf,
  followUntilUp,
  type BornServer,
} from "../support/bornServer.ts";

let blue: BornServer;
let green: BornServer;

const RESTARTED: Situation = { kind: "finish", from: "blue", to: "green", ifEqual: true };

const write = (server: RedisServer, value: string): Promise<unknown> => server.call("SET", "key", value);

/** A cutover that was cut off before green was opened, and a green that is back as after a restart. */
beforeAll(async () => {
  [blue, green] = await bearPair();
  await write(blue.admin, "written by a client");
  // Before the link is up both offsets may be 0.
  await followUntilUp(green, blue);
  expect(await green.admin.call("GET", "key")).toBe("written by a client");
  const gate = await readGate(blue.admin);
  const handover = await holdForGood(blue.admin);
  await green.admin.transaction(...promoteCommands(await readGate(green.admin)));
  await persistClosed(blue.admin, gate, handover);
  await green.admin.call("REPLICAOF", "127.0.0.1", 1);
  await green.admin.call("REPLICAOF", "NO", "ONE");
});

afterAll(async () => {
  await Promise.all([blue.stop(), green.stop()]);
});

async function settled(expected: Situation): Promise<string> {
  const [old, next] = [deploymentOf(blue), deploymentOf(green)];
  const situation = situationOf(
    { blue: await observeDeployment(old), green: await observeDeployment(next) },
    "green",
  );
  expect(situation).toEqual(expected);
  return settle(situation, {
    deployments: { blue: old, green: next },
    traffic: NO_TRAFFIC,
    credentials: CREDENTIALS,
    lone: false,
    progress: () => undefined,
  });
}

test("a colour that was restarted between promotion and opening is not opened where a key differs", async () => {
  await green.admin.configSet("min-replicas-to-write", 0);
  await write(green.admin, "written by whom?");
  await green.admin.configSet("min-replicas-to-write", 1_000_000);
  await expect(settled(RESTARTED)).rejects.toThrow(
    /^no colour takes writes, and green was restarted before it was known to serve: 1 of 1 keys are not as on blue: db0 key \(.+\)\. Nothing is touched\./,
  );
  for (const { admin } of [blue, green]) expect((await readGate(admin)).proxyOn).toBe(false);
});

test("and is opened where it holds the same as the one that handed over", async () => {
  await green.admin.configSet("min-replicas-to-write", 0);
  await write(green.admin, "written by a client");
  await green.admin.configSet("min-replicas-to-write", 1_000_000);
  expect(await settled(RESTARTED)).toBe("green");
  expect(isOpen(await observeDeployment(deploymentOf(green)))).toBe(true);
  expect(isOpen(await observeDeployment(deploymentOf(blue)))).toBe(false);
});

test("a colour whose update died between its opening and its file comes back open after a restart", async () => {
  const gate = await readGate(green.admin);
  await persistClosed(green.admin, gate);
  await green.admin.transaction(...openCommands(gate));
  expect(await green.file()).toMatch(/^min-(replicas|slaves)-to-write 1000000$/m);
  expect(await settled({ kind: "serving", colour: "green" })).toBe("green");
  expect(await green.file()).not.toMatch(/^min-(replicas|slaves)-to-write [1-9]/m);
  expect(await green.file()).toMatch(/^user redis-bluegreen-proxy on /m);
});
