import { afterAll, beforeAll, expect, test } from "vitest";
import { bake, type BakeOutcome } from "../../components/engine/bake/bake.ts";
import type { BakeSubjects } from "../../components/engine/bake/bakeSample.ts";
import { DEFAULT_BAKE } from "../../components/engine/bake/bakeSettings.ts";
import { infoNumber } from "../../components/engine/infoReply.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { bearServer, CREDENTIALS, openToClients, type BornServer } from "../support/bornServer.ts";
import { PATIENT } from "../support/patientBake.ts";

/** How long a server may take to answer, where that is not the point. Milliseconds. */
const ANSWER_MS = 20_000;

let green: BornServer;

beforeAll(async () => {
  green = await bearServer("green", { product: "redis", version: "8.0" });
  await openToClients(green);
});

afterAll(async () => {
  await green.stop();
});

/** Watches green, and does something to it when it is looked at for the second time. */
async function watch(
  seconds: number,
  disturb: () => Promise<unknown>,
  answerMs = ANSWER_MS,
): Promise<BakeOutcome> {
  let disturbed: Promise<unknown> | undefined;
  const connect = async (): Promise<BakeSubjects> => {
    const open = () => RedisServer.connect(green.target.primary.operator, CREDENTIALS.operator, answerMs);
    const [live, endpoint] = await Promise.all([open(), open()]);
    const info = live.info.bind(live);
    let looks = 0;
    live.info = async (section) => {
      if (++looks === 2) disturbed ??= disturb();
      await disturbed;
      return info(section);
    };
    return { live, endpoint };
  };
  const run = (await green.admin.info("server")).get("run_id") ?? "";
  const outcome = await bake(
    { ...DEFAULT_BAKE, ...PATIENT, seconds },
    { connect, run },
    new Map(),
    () => undefined,
  );
  await disturbed;
  return outcome;
}

test("a bake goes on where its connections are ended", async () => {
  const outcome = await watch(12, () =>
    green.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
  );
  expect(outcome).toMatchObject({ kind: "passed", looks: 12, failed: 1 });
});

test("a bake of a full cache that evicts all the time passes", async () => {
  await green.admin.configSet("maxmemory-policy", "allkeys-lru");
  await green.admin.configSet("maxmemory", "20mb");
  const evicted = async (): Promise<number> => infoNumber(await green.admin.info("stats"), "evicted_keys");
  const baked = new AbortController();
  const write = async (lane: number): Promise<void> => {
    for (let i = 0; !baked.signal.aborted; i++)
      await green.admin.call("SET", `key:${lane}:${i}`, "x".repeat(100));
  };
  try {
    await green.admin.call(
      "EVAL",
      "for i = 1, 200000 do redis.call('SET', 'filling:' .. i, string.rep('x', 100)) end",
      0,
    );
    const lanes = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write));
    let atSecondLook = 0;
    const outcome = await watch(6, async () => (atSecondLook = await evicted()));
    baked.abort();
    await lanes;
    expect(outcome).toMatchObject({ kind: "passed", looks: 6 });
    expect(atSecondLook).toBeGreaterThan(0);
    expect(await evicted()).toBeGreaterThan(atSecondLook);
  } finally {
    baked.abort();
    await green.admin.configSet("maxmemory", 0);
  }
});

test("a bake of a server that was restarted is inconclusive at once, whatever its figures", async () => {
  const outcome = await watch(60, () => green.crash());
  expect(outcome).toMatchObject({ kind: "inconclusive", failed: 1 });
  expect(outcome.looks).toBeLessThan(10);
  expect(outcome).toMatchObject({
    reason: expect.stringMatching(/^the server was restarted after \d+ s, and holds/) as unknown,
  });
});

test("a bake of a server that doesn't answer is inconclusive", async () => {
  const outcome = await watch(4, () => green.admin.call("CLIENT", "PAUSE", 10_000, "ALL"), 2_000);
  expect(outcome).toMatchObject({
    kind: "inconclusive",
    reason: expect.stringMatching(/^\d of 4 looks failed \(127\.0\.0\.1:\d+: /) as unknown,
  });
});
