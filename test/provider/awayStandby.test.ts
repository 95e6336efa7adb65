import { afterAll, beforeAll, expect, test } from "vitest";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import { disarmTripwire } from "../../components/engine/follow.ts";
import { infoNumber } from "../../components/engine/infoReply.ts";
import { until } from "../../components/engine/until.ts";
import { backlogEnds, backlogWouldEnd, hasBacklog } from "../support/backlog.ts";
import { bearPair, cutoverOf, deploymentOf, followUntilUp, type BornServer } from "../support/bornServer.ts";

/** `repl-backlog-ttl`, which is an hour by default. Seconds. */
const TTL = 1;

let blue: BornServer;
let green: BornServer;

beforeAll(async () => {
  [blue, green] = await bearPair();
  await followUntilUp(green, blue);
  for (const { admin } of [blue, green]) await admin.configSet("repl-backlog-ttl", TTL);
});

afterAll(async () => {
  await Promise.all([blue.stop(), green.stop()]);
});

test("an older colour that was away for longer than a backlog lasts continues without a copy", async () => {
  const input = cutoverOf(deploymentOf(blue), deploymentOf(green));
  await cutOver({ ...input, endpoint: green.target.primary.operator });
  const copies = infoNumber(await green.admin.info("stats"), "sync_full");
  const pid = (await blue.admin.info("server")).get("process_id") ?? "";
  await blue.container.exec(["sh", "-c", `kill -STOP ${pid}`]);
  await green.admin.call("CLIENT", "KILL", "TYPE", "replica");
  await green.admin.call("SET", "meanwhile", 1);
  await backlogWouldEnd(green.admin, TTL);
  expect(await hasBacklog(green.admin)).toBe(true);
  await blue.container.exec(["sh", "-c", `kill -CONT ${pid}`]);
  const there = async (): Promise<true | undefined> =>
    (await blue.admin.call("GET", "meanwhile")) === "1" ? true : undefined;
  await until(there, { timeoutMs: 60_000, intervalMs: 50, what: "blue has what green took" });
  expect(infoNumber(await green.admin.info("stats"), "sync_full")).toBe(copies);
});

test("a live colour without a standby ends its backlog as it is told to", async () => {
  await blue.admin.call("REPLICAOF", "NO", "ONE");
  await disarmTripwire(deploymentOf(green));
  await backlogEnds(green.admin);
  expect(await green.file()).toMatch(/^repl-backlog-ttl 1$/m);
});
