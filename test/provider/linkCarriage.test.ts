import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { follow } from "../../components/engine/follow.ts";
import { noteDrift, readGate } from "../../components/engine/gate.ts";
import { until } from "../../components/engine/until.ts";
import { replicationLink } from "../../components/providers/handlers/index.ts";
import type {
  ReplicationLinkInputs,
  ReplicationLinkOutputs,
} from "../../components/providers/replicationLink.ts";
import {
  bearPair,
  bearServer,
  CREDENTIALS,
  deploymentOf,
  followUntilUp,
  openToClients,
  type BornServer,
} from "../support/bornServer.ts";

let blue: BornServer;
let green: BornServer;

async function stop(): Promise<void> {
  await Promise.all([blue.stop(), green.stop()]);
}

/** The link from green to blue. */
function linkBack({ reseed = false } = {}): ReplicationLinkInputs {
  return {
    schemaVersion: 1,
    live: green.target,
    standby: blue.target,
    syncTimeoutMs: 60_000,
    reseed,
    pathPrefix: "redis-bluegreen:",
    credentials: CREDENTIALS,
  };
}

async function makeLink(inputs: ReplicationLinkInputs): Promise<ReplicationLinkOutputs> {
  return (await replicationLink.create(inputs)).outs as ReplicationLinkOutputs;
}

describe("an older colour that can read a full copy of the live one", () => {
  beforeAll(async () => {
    [blue, green] = await Promise.all([
      bearServer("blue", { product: "valkey", version: "8.1" }),
      bearServer("green", { product: "valkey", version: "9.1" }),
    ]);
    await openToClients(green);
    await green.admin.call("SET", "key", "value");
    await green.admin.configSet("repl-diskless-sync-delay", 0);
  });

  afterAll(stop);

  test("and holds something else keeps it", async () => {
    await blue.admin.configSet("min-replicas-to-write", 0);
    await blue.admin.call("SET", "its own", "value");
    const { status, rollback } = await makeLink(linkBack());
    expect(status).toBe("none");
    expect(rollback).toMatch(
      /^backup only: blue holds data that a full copy from green would overwrite; if it is not wanted, set redis-bluegreen:blue\.reseed: true/,
    );
    expect(await blue.admin.call("GET", "its own")).toBe("value");
  });

  test("is copied to where that is agreed to", async () => {
    const { status, rollback } = await makeLink(linkBack({ reseed: true }));
    expect([status, rollback]).toEqual(["up", expect.stringMatching(/^lossless \(native\): /)]);
    expect(await blue.admin.call("GET", "key")).toBe("value");
  });

  test("is not cut off while it waits for its copy", async () => {
    await blue.admin.call("REPLICAOF", "NO", "ONE");
    await green.admin.configSet("repl-diskless-sync-delay", 600);
    await follow(deploymentOf(blue), deploymentOf(green), CREDENTIALS);
    const waits = async (): Promise<true | undefined> =>
      (await green.admin.replication()).replicas.some(({ state }) => state === "wait_bgsave")
        ? true
        : undefined;
    await until(waits, { timeoutMs: 60_000, intervalMs: 20, what: "green puts the copy off" });
    const made = makeLink(linkBack());
    await green.admin.configSet("repl-diskless-sync-delay", 0);
    expect((await made).status).toBe("up");
  });

  test("and has drifted is copied to where that is agreed to, once it follows nobody", async () => {
    await noteDrift(blue.admin, { what: "keys", count: 1 });
    const drifted = ["none", expect.stringMatching(/^backup only: 1 keys of blue were found to differ/)];
    const first = await makeLink(linkBack({ reseed: true }));
    expect([first.status, first.rollback], "while it follows").toEqual(drifted);
    await blue.admin.configSet("min-replicas-to-write", 0);
    await blue.admin.call("SET", "key", "drifted");
    const kept = await makeLink(linkBack());
    expect([kept.status, kept.rollback]).toEqual(drifted);
    expect(await blue.admin.call("GET", "key")).toBe("drifted");
    const copied = await makeLink(linkBack({ reseed: true }));
    expect([copied.status, copied.rollback]).toEqual(["up", expect.stringMatching(/^lossless \(native\): /)]);
    expect(await blue.admin.call("GET", "key")).toBe("value");
    expect((await readGate(blue.admin)).drift).toBeUndefined();
  });
});

describe("a link of which the wrong end is named live", () => {
  beforeEach(async () => {
    [blue, green] = await bearPair();
    await followUntilUp(green, blue);
  });

  afterEach(stop);

  test("leaves the other one open where no rollback could be carried", async () => {
    // Executed by the live colour, this ends the way back from 8.0 to 7.0.
    await blue.admin.call("SET", "source", "value");
    await blue.admin.call("RESTORE", "key", 0, await blue.admin.client.dumpBuffer("source"));
    await expect(makeLink(linkBack())).rejects.toThrow(
      /green is not a primary .*nothing is made to follow it|blue takes writes from clients/,
    );
    expect(isOpen(await observeDeployment(deploymentOf(blue)))).toBe(true);
  });
});
