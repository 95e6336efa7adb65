import { afterAll, beforeAll, expect, test } from "vitest";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import { observeDeployment } from "../../components/engine/deployment.ts";
import { placeIn } from "../../components/engine/feed.ts";
import { keptTakeOver, type Handover, type TakeOver } from "../../components/engine/handover.ts";
import { until } from "../../components/engine/until.ts";
import {
  bearServer,
  cutoverOf,
  deploymentOf,
  followUntilUp,
  openToClients,
  type BornServer,
} from "../support/bornServer.ts";

let blue: BornServer;
let green: BornServer;
/** Blue's RDB file with the first key only, in base64. */
let file: string;

beforeAll(async () => {
  [blue, green] = await Promise.all([
    bearServer("blue", { product: "redis", version: "6.0" }),
    bearServer("green", { product: "redis", version: "8.0" }),
  ]);
  await openToClients(blue);
  await followUntilUp(green, blue);
  await blue.admin.call("SET", "in the file", 1);
  // With a replica attached, a file says where in the history it stands.
  await blue.admin.call("SAVE");
  file = (await blue.container.exec(["base64", "-w0", "/data/dump.rdb"])).output.trim();
  await blue.admin.call("SET", "behind the file", 1);
});

afterAll(async () => {
  await Promise.all([blue.stop(), green.stop()]);
});

/** Where a bridge that begins to feed blue would go on in green's history. */
async function place(): Promise<Handover | undefined> {
  const [ahead, behind] = await Promise.all(
    [green, blue].map((server) => observeDeployment(deploymentOf(server))),
  );
  if (ahead === undefined || behind === undefined) throw new Error("both are there");
  return placeIn(ahead, behind);
}

/** What green took over and still holds. */
async function tookOver(): Promise<TakeOver | undefined> {
  return keptTakeOver(await observeDeployment(deploymentOf(green)));
}

test("a 6.0 that was left behind goes on where the new colour took over", async () => {
  const { replid, offset } = await blue.admin.replication();
  const verdict = { kind: "backup only" as const, reason: "no bridge here", warnings: [] };
  const input = cutoverOf(deploymentOf(blue), deploymentOf(green));
  const { figures } = await cutOver({ ...input, verdict, endpoint: green.target.primary.operator });
  expect(figures.offset).toBeGreaterThanOrEqual(offset);
  expect(await place()).toEqual({ replid, offset: figures.offset });
});

test("what the new colour took over is still known when its history has another name", async () => {
  const { replid } = await blue.admin.replication();
  await green.admin.configSet("repl-backlog-ttl", 1);
  const renamed = async (): Promise<true | undefined> =>
    (await green.admin.replication()).replid2 === replid ? undefined : true;
  await until(renamed, { timeoutMs: 60_000, intervalMs: 50, what: "green drops its backlog" });
  expect(await place()).toBeUndefined();
  expect((await tookOver())?.of.replid).toBe(replid);
});

test("and not where that came back from a file of before", async () => {
  await green.container.exec(["sh", "-c", `echo ${file} | base64 -d >/data/dump.rdb`]);
  await green.crash();
  expect(await green.admin.call("EXISTS", "in the file", "behind the file")).toBe(1);
  const { replid2 } = await green.admin.replication();
  expect(replid2).toBe((await blue.admin.replication()).replid);
  expect(await place()).toBeUndefined();
  expect(await tookOver()).toBeUndefined();
});
