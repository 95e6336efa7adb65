import { afterAll, beforeAll, describe, expect } from "vitest";
import { readBridgeStatus } from "../../components/engine/bridge/statusClient.ts";
import type { BridgeState } from "../../components/engine/bridge/bridgeStatus.ts";
import type { PhaseName } from "../../components/engine/cutover/phases.ts";
import { until } from "../../components/engine/until.ts";
import { backlogEnds } from "../support/backlog.ts";
import { RunningUpdate } from "../support/runningUpdate.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { lastUpdate } from "../support/updateReports.ts";
import { expectEqualData, identityOf, whoAnswers } from "../support/whoServes.ts";
import { harmIn, NO_HARM } from "../support/workload/harm.ts";
import { seedDataset } from "../support/workload/seed.ts";
import { Workload } from "../support/workload/workload.ts";

/** Kills of `up` on the way from the newer version to the one that the bridge feeds, and who serves afterwards. */
const KILLS: readonly { phase: PhaseName; serves: "green" | "blue" | "nobody" }[] = [
  { phase: "promote", serves: "nobody" },
  { phase: "switch", serves: "nobody" },
  { phase: "release", serves: "blue" },
];

/** Waits until refresh and up say what the way back is; the bridge notes it with the data. */
async function awaitRollback(stack: TestStack, verdict: RegExp): Promise<void> {
  const said = async (): Promise<true | undefined> => {
    await stack.up();
    return verdict.test(String((await stack.outputs())["rollback"])) ? true : undefined;
  };
  await until(said, { timeoutMs: 240_000, intervalMs: 500, what: `the way back is ${String(verdict)}` });
}

/** Waits until the bridge is in a state. */
async function awaitBridge(stack: TestStack, state: BridgeState): Promise<void> {
  const status = { host: "127.0.0.1", port: stack.ports.status };
  const reached = async (): Promise<true | undefined> =>
    (await readBridgeStatus(status))?.state === state ? true : undefined;
  await until(reached, { timeoutMs: 120_000, intervalMs: 50, what: `the bridge is ${state}` });
}

describe.each([
  {
    title: "Redis 6.0 to 8.0",
    name: "e2e-translated",
    green: { version: "8.0" },
    // Without a replica it drops its backlog, and with it the name of its history, after an hour unless told otherwise.
    blue: { version: "6.0", redis: { "repl-backlog-ttl": 3 } },
    reason: /^lossless \(translated\): the bridge translates, as Redis 6\.0\.\d+ ignores SET … PXAT/,
    feedsForward: false,
  },
  {
    title: "Redis 8.0 to Valkey 8.1, which can't copy each other",
    name: "e2e-foreign",
    green: { version: "8.1", product: "valkey" },
    blue: { version: "8.0" },
    reason: /^lossless \(translated\): the bridge translates, as what .* emits is not measured on/,
    feedsForward: true,
  },
])("an upgrade with a bridge for the way back: $title", ({ name, blue, green, reason, feedsForward }) => {
  const step = inSteps();
  let stack: TestStack;
  let workload: Workload;

  beforeAll(async () => {
    stack = await TestStack.create(name, { live: "blue", blue: { ...blue, memory: 192 } });
    await stack.up();
    await seedDataset(stack.endpoint, { keys: 2_000 });
    workload = await Workload.start({ endpoint: stack.endpoint, ratePerClient: 100 });
  });

  afterAll(async () => {
    workload.kill();
    await stack.remove();
  });

  step("brings green in sync with the bridge beside it", async () => {
    await stack.edit({ green: { ...green, memory: 192 } });
    await stack.up();
    expect((await stack.outputs())["rollback"]).toMatch(reason);
    await awaitBridge(stack, feedsForward ? "applying" : "armed");
    await expectEqualData(stack, "blue");
    await stack.upUnchanged();
  });

  step("cuts over under load, without a word from the user that he accepts a loss", async () => {
    await stack.edit({ live: "green" });
    const preview = await stack.preview();
    expect(preview).toContain("rollback after this cutover: lossless (translated)");
    expect(preview).toContain(
      "have the bridge write to blue what green takes, in the form that it understands",
    );
    await workload.mark("cutover");
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
    expect((await stack.outputs())["rollback"]).toMatch(/^lossless \(translated\)/);
    const { report } = await lastUpdate(stack);
    expect(report).toMatchObject({ kind: "cutover", outcome: "done", keysDifferent: 0 });
    await workload.awaitWrites(500);
    await expectEqualData(stack, "green");
    await stack.upUnchanged();
  });

  step("rolls back under load with every write", async () => {
    await stack.edit({ live: "blue" });
    expect(await stack.preview()).toMatch(/pass {2}link +the bridge feeds the standby/);
    await workload.mark("rollback");
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    await workload.awaitWrites(500);
    await expectEqualData(stack, "blue");
    await stack.upUnchanged();
  });

  step("cuts over a second time", async () => {
    await stack.edit({ live: "green" });
    await workload.mark("again");
    await stack.up();
    await workload.awaitWrites(500);
    await expectEqualData(stack, "green");
    await stack.upUnchanged();
  });

  /** What doesn't depend on the pair is tried with one of them. */
  if (!feedsForward) {
    step("goes on after the bridge was killed and was stopped for a while", async () => {
      await stack.docker("kill", "--signal", "KILL", `${stack.deployment}-bridge`);
      await workload.awaitWrites(500);
      await stack.docker("start", `${stack.deployment}-bridge`);
      await awaitBridge(stack, "applying");
      await expectEqualData(stack, "green");
      await stack.upUnchanged();
    });

    for (const { phase, serves } of KILLS) {
      step(
        `killed before ${phase} on the way back: ${serves} serves, and the next up converges`,
        async () => {
          await stack.edit({ live: "blue" });
          await workload.mark(phase);
          const update = await RunningUpdate.before(phase, stack);
          await update.kill();
          if (serves !== "nobody") {
            await workload.awaitWrites(200);
            await stack.withServer("blue", backlogEnds);
          }
          await update.unlock();
          await stack.up();
          expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
          await workload.awaitWrites(200);
          await expectEqualData(stack, "blue");
          await stack.edit({ live: "green" });
          await stack.up();
          await expectEqualData(stack, "green");
          await stack.upUnchanged();
        },
      );
    }

    step("names what the older version has no form for, and doesn't go back without it unasked", async () => {
      const application = await stack.application(stack.ports.write);
      await application.call("HSET", "with-field-expiry", "field", "1");
      await application.call("HPEXPIRE", "with-field-expiry", 3_600_000, "FIELDS", 1, "field");
      await awaitRollback(
        stack,
        /^lossy: blue has no form for: hash-field-expiry of 1 key \(with-field-expiry in database 0\)/,
      );
      await stack.edit({ live: "blue" });
      const { code, output } = await stack.pulumi("preview");
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /fail {2}translation +blue has no form for: hash-field-expiry of 1 key \(with-field-expiry/,
      );
      application.close();
    });

    step(
      "goes back without what has no form, where that is accepted, and is lossless again from there",
      async () => {
        const guardrails = { acceptBackupOnlyRollback: true, verifyKeys: "all" } as const;
        await stack.edit({ live: "blue", guardrails });
        await stack.up();
        expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
        await workload.awaitWrites(200);
        await expectEqualData(stack, "blue");
        await stack.edit({ live: "green" });
        await stack.up();
        await awaitRollback(stack, /^lossless \(translated\)/);
      },
    );
  }

  if (feedsForward) {
    step(
      "leaves behind what has no form, where that is accepted, and copies the old colour anew",
      async () => {
        await stack.edit({ live: "blue" });
        await stack.up();
        const application = await stack.application(stack.ports.write);
        await application.call("HSET", "with-field-expiry", "field", "1");
        await application.call("HPEXPIRE", "with-field-expiry", 3_600_000, "FIELDS", 1, "field");
        application.close();
        const guardrails = { acceptBackupOnlyRollback: true, verifyKeys: "all" } as const;
        await stack.edit({ live: "green", guardrails });
        await stack.up();
        expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
        await expectEqualData(stack, "green");
        await awaitRollback(stack, /^lossless \(translated\)/);
        await stack.edit({ live: "blue" });
        await stack.up();
        expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
      },
    );
  }

  step("has lost nothing, repeated nothing and shown no error to any client", async () => {
    const { windows, findings } = await workload.stop();
    const kills = feedsForward ? [] : KILLS.map(({ phase }) => phase);
    for (const window of ["cutover", "rollback", "again", ...kills]) {
      const harm = harmIn(windows[window], blue.version === "6.0" && window !== "rollback");
      expect(harm, `${window}: ${findings.join("\n")}`).toEqual(NO_HARM);
    }
  });
});
