import { afterAll, beforeAll, expect, test } from "vitest";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import type { CutoverInput } from "../../components/engine/cutover/cutoverInput.ts";
import { watchFollowing } from "../../components/engine/cutover/rollbackLink.ts";
import type { Deployment } from "../../components/engine/deployment.ts";
import { disarmTripwire, setBacklogKept } from "../../components/engine/follow.ts";
import { infoNumber } from "../../components/engine/infoReply.ts";
import { ensureLink } from "../../components/engine/replicationLink.ts";
import { BRIDGE_USER } from "../../components/engine/users.ts";
import { bearPair, CREDENTIALS, cutoverOf, deploymentOf, followUntilUp } from "../support/bornServer.ts";
import type { BornServer } from "../support/bornServer.ts";

const DELAY = "repl-diskless-sync-delay";
const TTL = "repl-backlog-ttl";

let blue: BornServer;
let green: BornServer;

// Green is live and newer; blue follows it, and can't be copied to.
beforeAll(async () => {
  [blue, green] = await bearPair();
  await followUntilUp(green, blue);
  await cutOver({
    ...cutoverOf(deploymentOf(blue), deploymentOf(green)),
    endpoint: green.target.primary.operator,
  });
});

afterAll(async () => {
  await Promise.all([blue.stop(), green.stop()]);
});

async function settings({ admin }: BornServer): Promise<number[]> {
  const config = await admin.configGet(DELAY, TTL);
  return [Number(config.get(DELAY)), Number(config.get(TTL))];
}

function link(live: Deployment, standby: Deployment) {
  return ensureLink({
    live,
    standby,
    credentials: CREDENTIALS,
    syncTimeoutMs: 60_000,
    reseed: false,
    pathPrefix: "",
    progress: () => undefined,
  });
}

/** With connections of its own, which an update that is abandoned ends. */
async function rollback(): Promise<CutoverInput> {
  const [from, to] = await Promise.all(
    [green, blue].map(async (server) => deploymentOf(server, await server.as(CREDENTIALS.operator))),
  );
  if (from === undefined || to === undefined) throw new Error("both are connected");
  return { ...cutoverOf(from, to), endpoint: blue.target.primary.operator };
}

test("a rollback that is abandoned leaves the tripwire armed and the backlog kept", async () => {
  const armed = [1_000_005, 1_000_003_600];
  expect(await settings(green)).toEqual(armed);
  const preflight = () => Promise.reject(new Error("not now"));
  await expect(cutOver({ ...(await rollback()), preflight })).rejects.toThrow(
    /abandoned: not now\. State: green serves as before/,
  );
  expect(await settings(green)).toEqual(armed);
});

test("a link that is up has them again where somebody took them away", async () => {
  await disarmTripwire(deploymentOf(green));
  await link(deploymentOf(green), deploymentOf(blue));
  expect(await settings(green)).toEqual([1_000_005, 1_000_003_600]);
  expect(await green.file()).toMatch(/^repl-backlog-ttl 1000003600$/m);
});

test("that a colour follows is in its file, although the update that made it follow died before", async () => {
  await blue.container.exec(["sed", "-i", "/^replicaof /d", "/data/redis.conf"]);
  expect(await blue.file()).not.toMatch(/^replicaof /m);
  await link(deploymentOf(green), deploymentOf(blue));
  expect(await blue.file()).toMatch(/^replicaof /m);
});

test("a copy that another replica asks for doesn't cost an older colour that continues its link", async () => {
  const before = infoNumber(await green.admin.info("stats"), "sync_full") - 1;
  const found = await watchFollowing(deploymentOf(blue), deploymentOf(green), before);
  expect(found).toEqual({ is: "up", reason: "blue continues behind green without a full copy" });
});

test("a new password of an existing server reaches what follows it", async () => {
  const login = { username: BRIDGE_USER, password: "rotated" };
  const leader = deploymentOf(green);
  await link({ ...leader, target: { ...leader.target, external: true, login } }, deploymentOf(blue));
  const config = await blue.admin.configGet("masteruser", "masterauth");
  expect([config.get("masteruser"), config.get("masterauth")]).toEqual([BRIDGE_USER, "rotated"]);
  expect(await blue.file()).toMatch(/^masterauth "?rotated"?$/m);
});

test("a colour that follows again lets its own replicas copy from it at once", async () => {
  await cutOver(await rollback());
  expect(await settings(green)).toEqual([5, 3_600]);
  expect(await green.file()).toMatch(/^repl-diskless-sync-delay 5$/m);
});

test("a backlog that the user keeps for a month is that long again", async () => {
  await blue.admin.configSet(TTL, 2_592_000);
  expect(await setBacklogKept(blue.admin, false)).toBe(false);
  expect(await setBacklogKept(blue.admin, true)).toBe(true);
  expect(await setBacklogKept(blue.admin, true)).toBe(false);
  expect(await setBacklogKept(blue.admin, false)).toBe(true);
  expect(await settings(blue)).toEqual([5, 2_592_000]);
});
