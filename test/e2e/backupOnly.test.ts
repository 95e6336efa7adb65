import { afterAll, beforeAll, describe, expect } from "vitest";
import type { Colour } from "../../components/engine/colour.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { lastUpdate } from "../support/updateReports.ts";
import { awaitWriter, expectEqualData, identityOf, whoAnswers } from "../support/whoServes.ts";
import { harmIn, NO_HARM } from "../support/workload/harm.ts";
import { seedDataset } from "../support/workload/seed.ts";
import { Workload } from "../support/workload/workload.ts";

describe("an upgrade whose way back is a backup: Redis 6.0 to 8.0", () => {
  const step = inSteps();
  let stack: TestStack;
  let workload: Workload | undefined;
  let backup = "";

  beforeAll(async () => {
    stack = await TestStack.create("e2e-backup", {
      live: "blue",
      blue: { version: "6.0", memory: 128 },
      green: { version: "8.0", memory: 128 },
      bridge: { use: "never" },
    });
  });

  afterAll(async () => {
    workload?.kill();
    await stack.remove();
  });

  step("deploys both colours, and says what the way back would be", async () => {
    await stack.up();
    await seedDataset(stack.endpoint, { keys: 2_000 });
    expect((await stack.outputs())["rollback"]).toMatch(/^backup only: Redis 6\.0\.\d+ ignores SET … PXAT/);
    await stack.upUnchanged();
  });

  step("refuses the cutover until the user accepts that, and touches nothing", async () => {
    workload = await Workload.start({ endpoint: stack.endpoint, ratePerClient: 100 });
    await workload.mark("before");
    await stack.edit({ live: "green" });
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const { code, output } = await stack.pulumi(...command);
      expect(code).not.toBe(0);
      expect(output).toMatch(/fail {2}rollback +backup only, Redis 6\.0\.\d+ ignores SET … PXAT/);
      expect(output).toContain("redis-bluegreen:guardrails.acceptBackupOnlyRollback: true");
    }
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
  });

  step("cuts over under load once it is accepted", async () => {
    await stack.edit({ guardrails: { acceptBackupOnlyRollback: true } });
    const preview = await stack.preview();
    expect(preview).toContain("rollback after this cutover: backup only: ");
    expect(preview).toMatch(/12\. rollback link: none: rollback is by backup only: /);
    await workload?.mark("cutover");
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
    expect((await stack.outputs())["rollback"]).toMatch(/^backup only: /);
    const { report } = await lastUpdate(stack);
    expect(report).toMatchObject({ kind: "cutover", outcome: "done", verdict: { kind: "backup only" } });
    backup = report.backup ?? "";
    await workload?.awaitWrites(200);
    await stack.upUnchanged();
  });

  step("leaves blue as it was: its data kept, following nobody, closed to clients", async () => {
    await stack.withServer("blue", async (blue) => {
      expect((await blue.replication()).role).toBe("master");
      expect((await blue.keyspace()).get(0)).toBeGreaterThanOrEqual(2_000);
      await expect(blue.call("SET", "redis-bluegreen:probe", "1")).rejects.toThrow("NOREPLICAS");
    });
  });

  step("refuses to go back to a blue that lacks what was written since", async () => {
    await stack.edit({ live: "blue" });
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const { code, output } = await stack.pulumi(...command);
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /fail {2}role of standby +blue follows nobody: it can't copy green, and making it live would lose/,
      );
      expect(output).toContain("Leave live: green; the way back is by backup only (redis-bluegreen:backup)");
    }
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
    await stack.edit({ live: "green" });
    await stack.up();
    await stack.upUnchanged();
  });

  step("has lost nothing, repeated nothing and shown no error to any client", async () => {
    const result = await workload?.stop();
    for (const window of ["before", "cutover"]) {
      const harm = harmIn(result?.windows[window], window === "cutover");
      expect(harm, `${window}: ${(result?.findings ?? []).join("\n")}`).toEqual(NO_HARM);
    }
  });

  step("has what the backup holds once that is copied into the live colour, as the README says", async () => {
    await setLater();
    const green = `${stack.deployment}-green-0`;
    await stack.docker("stop", "--time", "120", green);
    await stack.docker("cp", backup, `${green}:/data/dump.rdb`);
    await stack.docker("start", green);
    await stack.up();
    await awaitWriter(stack, "green");
    await expectBackup("green");
    await stack.upUnchanged();
  });

  step("goes back to the old version with that, and with what was written since", async () => {
    const blue = { version: "6.0", memory: 128 };
    await stack.edit({ bridge: { use: "auto" }, blue: { ...blue, reseed: true } });
    await stack.up();
    expect((await stack.outputs())["rollback"]).toMatch(/^lossless \(translated\): /);
    await stack.edit({ live: "blue", blue });
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    await expectBackup("blue");
    await expectEqualData(stack, "blue");
  });

  async function setLater(): Promise<void> {
    const application = await stack.application(stack.ports.write);
    await application.call("SET", "written after the backup", "1");
    application.close();
  }

  /** The dataset is there, and nothing that is younger than the backup. */
  async function expectBackup(colour: Colour): Promise<void> {
    await stack.withServer(colour, async (server) => {
      expect(await server.call("EXISTS", "written after the backup")).toBe(0);
      expect((await server.keyspace()).get(0)).toBeGreaterThanOrEqual(2_000);
    });
  }
});
