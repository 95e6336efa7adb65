import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { serverFiles, findPasswords, passwordsIn } from "../support/secretSearch.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { lastUpdate } from "../support/updateReports.ts";
import { expectEqualData, identityOf, whoAnswers } from "../support/whoServes.ts";
import { seedDataset } from "../support/workload/seed.ts";
import { Workload } from "../support/workload/workload.ts";

describe("the life of a stack from a retirement to its end", () => {
  const step = inSteps();
  let stack: TestStack;
  let workload: Workload;

  beforeAll(async () => {
    stack = await TestStack.create("e2e-retire", {
      live: "blue",
      blue: { version: "7.0", memory: 128 },
      green: { version: "8.0", memory: 128 },
    });
  });

  afterAll(async () => {
    workload.kill();
    await stack.remove();
  });

  step("deploys both colours at once and cuts over", async () => {
    await stack.up();
    await seedDataset(stack.endpoint, { keys: 2_000 });
    await stack.upUnchanged();
    workload = await Workload.start({ endpoint: stack.endpoint, ratePerClient: 100 });
    await workload.mark("upgrade");
    await stack.edit({ live: "green" });
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
  });

  step("previews the retirement of blue: the last backup and the end of the way back", async () => {
    await workload.mark("retirement");
    await stack.edit({ blue: undefined });
    const preview = await stack.preview();
    expect(preview).toMatch(
      /"copy blue a last time, as an RDB file in .*, and load it into a throw-away server/,
    );
    expect(preview).toContain('"rollback to blue ends here"');
    expect(preview).toMatch(/- docker:index\/container:Container: \(delete\)/);
    expect(preview).toMatch(/- pulumi-nodejs:dynamic\/redis:ReplicationLink: \(delete\)/);
    expect(preview).not.toMatch(/docker:index\/container:Container: \((create|replace|update)/);
  });

  step("retires blue after a last backup that was loaded into a real server", async () => {
    const output = await stack.up();
    const proof =
      /final backup of blue: (\S+\.rdb), (\d+) bytes, loaded into a throw-away server: (\d+) keys/.exec(
        output,
      );
    const [, file = "", bytes, keys] = proof ?? [];
    expect(file).toContain(join(stack.directory, "backups"));
    const { size, mode } = await stat(file);
    expect(size).toBe(Number(bytes));
    expect((mode & 0o777).toString(8)).toBe("600");
    expect(existsSync(file.replace(/rdb$/, "json"))).toBe(true);
    expect(Number(keys)).toBeGreaterThanOrEqual(2_000);

    const { report, markdown } = await lastUpdate(stack);
    expect(report).toMatchObject({ kind: "retire", outcome: "done", from: { colour: "blue" }, backup: file });
    expect(markdown).toContain(`# ${stack.deployment}: blue (Redis 7.0.`);

    expect(await stack.containers()).toEqual([`${stack.deployment}-green-0`, `${stack.deployment}-proxy`]);
    expect(await stack.volumes()).toContain(`${stack.deployment}-blue-0-redis-7.0`);
    const { live, rollback } = await stack.outputs();
    expect([live, rollback]).toEqual(["green", "none: there is one colour only"]);
    // Nothing waits for a standby that is gone.
    const settings = await stack.withServer("green", (server) =>
      server.configGet("repl-backlog-ttl", "repl-diskless-sync-delay"),
    );
    expect([...settings.values()].map(Number).filter((value) => value >= 1_000_000)).toEqual([]);
    await stack.upUnchanged();
  });

  step("upgrades again in the other direction: a new blue behind green", async () => {
    await workload.mark("second upgrade");
    const version = await newestVersion(stack);
    await stack.edit({ blue: { version, memory: 128 } });
    const preview = await stack.preview();
    expect(preview).toContain("redis-green-to-blue");
    expect(preview).toMatch(/pass {2}rollback +lossless \(native\)/);
    await stack.up();
    await stack.upUnchanged();
    await stack.edit({ live: "blue" });
    expect(await stack.preview()).toMatch(
      new RegExp(`cutover green \\(Redis 8\\.0\\.\\d+\\) -> blue \\(Redis ${version.replace(".", "\\.")}`),
    );
    await stack.up();
    await workload.mark("on blue");
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    const { live, rollback } = await stack.outputs();
    expect([live, rollback]).toEqual(["blue", expect.stringMatching(/^lossless \(native\): /)]);
    await workload.awaitWrites(200);
    await stack.upUnchanged();
  });

  step("has lost nothing, repeated nothing and shown no error to any client", async () => {
    const { windows, findings } = await workload.stop();
    for (const window of ["upgrade", "retirement", "second upgrade", "on blue"]) {
      expect(windows[window], `${window}: ${findings.join("\n")}`).toMatchObject({
        lostWrites: 0,
        repeatedWrites: 0,
        clientErrors: 0,
      });
    }
    expect(await expectEqualData(stack, "blue")).toBeGreaterThan(2_000);
  });

  step("shows no password in clear, but to the servers themselves", async () => {
    expect(await findPasswords(stack)).toEqual([]);
    for (const colour of ["blue", "green"]) {
      const files = await serverFiles(stack, `${stack.deployment}-${colour}-0`);
      const own = files.find(({ path }) => path === "/data/redis.conf");
      // A server needs its primary's password in clear (masterauth): in its own file, and in the first one it was given.
      expect(own).toEqual({ path: "/data/redis.conf", mode: "600", passwords: ["replication"] });
      for (const { path, mode, passwords } of files) {
        if (passwords.length > 0) expect([path, mode, passwords]).toEqual([path, "600", ["replication"]]);
      }
    }
    // The search finds what is there.
    const open = await stack.mustPulumi("stack", "export", "--show-secrets");
    expect(passwordsIn(stack, open)).toEqual(["application", "operator", "replication"]);
  });

  step("refuses to be destroyed without the user's explicit word", async () => {
    for (const options of [[], ["--skip-preview"]]) {
      const { code, output } = await stack.pulumi("destroy", "--yes", ...options);
      expect(code).not.toBe(0);
      // The engine's words; the name of what it refuses to delete says what is missing.
      expect(output).toMatch(/::redis-destroy-needs-guardrails\.allowDestroy" cannot be deleted/);
      expect(output).not.toMatch(/\d+ deleted/);
    }
    // Somebody follows the engine's advice.
    await stack.mustPulumi("state", "unprotect", "--all", "--yes");
    const { code, output } = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain("redis-bluegreen:guardrails.allowDestroy is not true: nothing was removed");
    expect(output).not.toMatch(/\d+ deleted/);
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    expect(await stack.containers()).toHaveLength(3);
    await stack.upUnchanged();
  });

  step("is destroyed with it, after a last backup, and keeps the volumes", async () => {
    await stack.edit({ guardrails: { allowDestroy: true } });
    await stack.up();
    const before = await readdir(join(stack.directory, "backups"));
    const output = await stack.mustPulumi("destroy", "--yes", "--skip-preview");
    expect(output).toMatch(
      /final backup of blue: \S+\.rdb, \d+ bytes, loaded into a throw-away server: \d+ keys/,
    );
    const added = (await readdir(join(stack.directory, "backups"))).filter((name) => !before.includes(name));
    expect(added).toEqual([
      expect.stringMatching(new RegExp(`^${stack.deployment}-blue-.*\\.json$`)),
      expect.stringMatching(new RegExp(`^${stack.deployment}-blue-.*\\.rdb$`)),
    ]);
    expect(await stack.containers()).toEqual([]);
    expect(await stack.volumes()).toHaveLength(3);
    expect(await stack.outputs()).toEqual({});
  });
});

/** Redis 8.6 where this machine has it. */
async function newestVersion(stack: TestStack): Promise<string> {
  const images = await stack.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}");
  return images.split("\n").includes("redis:8.6") ? "8.6" : "8.0";
}
