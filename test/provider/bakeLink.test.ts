import { afterEach, expect, test } from "vitest";
import { bake, type BakeOutcome } from "../../components/engine/bake/bake.ts";
import { DEFAULT_BAKE } from "../../components/engine/bake/bakeSettings.ts";
import { follow } from "../../components/engine/follow.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import {
  bearServer,
  CREDENTIALS,
  deploymentOf,
  openToClients,
  type BornServer,
} from "../support/bornServer.ts";
import { PATIENT } from "../support/patientBake.ts";

let servers: BornServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

/**
 * Bakes a 6.0 that an 8.0 has begun to follow and needs a full copy of, as after a rollback that the bridge carried.
 * @param delay before the copy begins, in seconds
 */
async function bakeWhileCopying(delay: number, seconds: number): Promise<BakeOutcome> {
  const [blue, green] = await Promise.all([
    bearServer("blue", { product: "redis", version: "6.0" }),
    bearServer("green", { product: "redis", version: "8.0" }),
  ]);
  servers = [blue, green];
  await blue.admin.configSet("repl-diskless-sync", "yes");
  await blue.admin.configSet("repl-diskless-sync-delay", delay);
  await openToClients(blue);
  await blue.admin.call("SET", "key", 1);
  await follow(deploymentOf(green), deploymentOf(blue), CREDENTIALS);
  const open = ({ target }: BornServer) =>
    RedisServer.connect(target.primary.operator, CREDENTIALS.operator, 20_000);
  const connect = async () => {
    const [live, standby, endpoint] = await Promise.all([open(blue), open(green), open(blue)]);
    return { live, standby, endpoint };
  };
  const run = (await blue.admin.info("server")).get("run_id") ?? "";
  const settings = { ...DEFAULT_BAKE, ...PATIENT, seconds };
  return bake(settings, { connect, run }, new Map(), () => undefined);
}

test("a bake waits for the old colour while that takes a full copy", async () => {
  const outcome = await bakeWhileCopying(5, 20);
  expect(outcome).toMatchObject({ kind: "passed", looks: 20 });
  expect(outcome.figures).toContainEqual(expect.objectContaining({ limit: "maxLagBytes", median: 0 }));
});

test("a bake that ends before the old colour's link is up is inconclusive", async () => {
  expect(await bakeWhileCopying(3_600, 5)).toMatchObject({
    kind: "inconclusive",
    reason: "the old colour's link was not up in any look, so it is not known whether it keeps up",
  });
});
