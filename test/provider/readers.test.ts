import { afterAll, beforeAll, expect, test } from "vitest";
import { moveReaders, unreadReplicas } from "../../components/engine/cutover/readers.ts";
import type { DeploymentTarget } from "../../components/engine/deploymentTarget.ts";
import { formatAddress } from "../../components/engine/address.ts";
import { readGate } from "../../components/engine/gate.ts";
import { bearPair, CREDENTIALS, followUntilUp, type BornServer } from "../support/bornServer.ts";

let primary: BornServer;
let replica: BornServer;
let live: DeploymentTarget;

beforeAll(async () => {
  [primary, replica] = await bearPair();
  live = { ...primary.target, replicas: [replica.target.primary] };
});

afterAll(async () => {
  await Promise.all([primary.stop(), replica.stop()]);
});

test("a replica that has no link gets no readers, and is sent them once it is in sync", async () => {
  const name = formatAddress(replica.target.primary.operator);
  await replica.admin.call("REPLICAOF", "127.0.0.1", 1);
  expect(await moveReaders(undefined, live, CREDENTIALS, 200)).toEqual([name]);
  expect((await readGate(replica.admin)).proxyOn).toBe(false);
  expect(await unreadReplicas(live, CREDENTIALS)).toEqual([]);

  await followUntilUp(replica, primary);
  expect(await unreadReplicas(live, CREDENTIALS)).toEqual([name]);
  expect(await moveReaders(undefined, live, CREDENTIALS)).toEqual([]);
  expect((await readGate(replica.admin)).proxyOn).toBe(true);
  expect(await unreadReplicas(live, CREDENTIALS)).toEqual([]);
});
