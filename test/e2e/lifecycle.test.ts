import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { OPERATOR_USER } from "../../components/engine/users.ts";
import type { Colour } from "../../components/engine/colour.ts";
import type { UpdateReport } from "../../components/engine/report/updateReport.ts";
import { PHASES } from "../../components/engine/cutover/phases.ts";
import { footprintOf, type ServerFootprint } from "../support/serverFootprint.ts";
import { PATIENT } from "../support/patientBake.ts";
import { RunningUpdate } from "../support/runningUpdate.ts";
import { standStill, type ServerOfStack } from "../support/standStill.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { lastUpdate } from "../support/updateReports.ts";
import { awaitReader, expectEqualData, identityOf, whoAnswers } from "../support/whoServes.ts";
import { seedDataset } from "../support/workload/seed.ts";
import { Workload } from "../support/workload/workload.ts";

const NOTHING_NOTICED = { lostWrites: 0, repeatedWrites: 0, clientErrors: 0 };

describe("the life of a stack from the first deployment to a rollback", () => {
  const step = inSteps();
  let stack: TestStack;
  let workload: Workload | undefined;

  beforeAll(async () => {
    stack = await TestStack.create("e2e-life", {
      live: "blue",
      blue: { version: "7.0", replicas: 1, memory: 128 },
    });
  });

  afterAll(async () => {
    workload?.kill();
    await stack.remove();
  });

  step("deploys blue with a replica behind one endpoint", async () => {
    await stack.up();
    expect(await stack.outputs()).toEqual({
      live: "blue",
      writeEndpoint: `127.0.0.1:${stack.ports.write}`,
      readEndpoint: `127.0.0.1:${stack.ports.read}`,
      rollback: "none: there is one colour only",
      report: "",
    });
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    await awaitReader(stack, "blue", 1);
    await seedDataset(stack.endpoint, { keys: 2_000 });
    await stack.upUnchanged();
  });

  step("previews a green: what is new, the verdict and the checks", async () => {
    workload = await startWorkload(stack);
    await stack.previewUnchanged();
    await stack.edit({ green: { version: "8.0", replicas: 1, memory: 128 } });
    const preview = await stack.preview();
    expect(preview).toMatch(/\+ docker:index\/container:Container: \(create\)/);
    for (const server of [0, 1]) expect(preview).toContain(`"${stack.deployment}-green-${server}"`);
    expect(preview).toMatch(/\+ pulumi-nodejs:dynamic\/redis:ReplicationLink: \(create\)/);
    expect(preview).toContain("redis-blue-to-green");
    expect(preview).toMatch(
      /pass {2}blue reachable .*Redis 7\.0\.\d+ at 127\.0\.0\.1:\d+ answers the operator/,
    );
    expect(preview).toMatch(/pass {2}rollback +lossless \(native\), Redis 7\.0\.\d+ applies everything/);
    expect(preview).not.toMatch(/\bfail {2}/);
    expect(preview).not.toMatch(/docker:index\/container:Container: \((update|replace|delete)/);
  });

  step("adds green while clients write, and they notice nothing", async () => {
    await stack.up();
    await stack.upUnchanged();
    await stack.previewUnchanged();
    const { windows, findings } = await stopWorkload();
    expect(windows["all"], findings.join("\n")).toMatchObject(NOTHING_NOTICED);
    expect((await stack.outputs())["rollback"]).toMatch(/^lossless \(native\): /);
    expect(await expectEqualData(stack, "blue")).toBeGreaterThan(2_000);
  });

  step("runs every server without root's rights, on files of its own", async () => {
    for (const [colour, index] of SERVERS) {
      const look = "grep ^Uid: /proc/1/status; find /data -ignore_readdir_race ! -user $(id -un redis)";
      const seen = await stack.docker("exec", `${stack.deployment}-${colour}-${index}`, "sh", "-c", look);
      expect(seen).toMatch(/^Uid:\s+[1-9]\d*\s+[1-9]\d*\s[^\n]*\n$/);
    }
  });

  step("previews the cutover: plan, links, checks, and nothing changes on any server", async () => {
    await standStill(stack, SERVERS, true);
    await stack.edit({ live: "green" });
    const before = await footprints(stack);
    const preview = await stack.preview();
    const after = await footprints(stack);
    await standStill(stack, SERVERS, false);

    expect(after).toEqual(before);
    expect(preview).toMatch(/live *: "blue" => "green"/);
    for (const phase of PHASES) expect(preview).toMatch(new RegExp(`\\+ \\[\\d+\\]: " ?\\d+\\. ${phase}: `));
    expect(preview).toMatch(/- pulumi-nodejs:dynamic\/redis:ReplicationLink: \(delete\)/);
    expect(preview).toMatch(/\+ pulumi-nodejs:dynamic\/redis:ReplicationLink: \(create\)/);
    expect(preview).toContain("redis-green-to-blue");
    expect(preview).toMatch(/cutover blue \(Redis 7\.0\.\d+\) -> green \(Redis 8\.0\.\d+\)/);
    expect(preview).toContain("rollback after this cutover: lossless (native): ");
    expect(preview).toContain("expected write pause: ");
    expect(preview).toMatch(/pass {2}link +up/);
    expect(preview).toMatch(/pass {2}replicas of standby +1 in sync, 1 expected/);
    expect(preview).not.toMatch(/docker:index\/container:Container: \((replace|delete|create)/);
  });

  step("cuts over to green under load", async () => {
    workload = await startWorkload(stack);
    const output = await stack.up();
    await workload.mark("on green");
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
    await awaitReader(stack, "green", 1);
    const { live, rollback } = await stack.outputs();
    expect([live, rollback]).toEqual(["green", expect.stringMatching(/^lossless \(native\): /)]);
    expect(output).toMatch(/clients reach green after a write pause of \d+\.\d ms, \d+ connections moved/);
    expect(output).toContain("blue continues behind green without a full copy");
    await expectReport(stack, "cutover", ["blue", "green"]);
    await stack.upUnchanged();
  });

  step("rolls back to blue under load", async () => {
    await stack.edit({ live: "blue" });
    const preview = await stack.preview();
    expect(preview).toMatch(/live *: "green" => "blue"/);
    expect(preview).toMatch(/cutover green \(Redis 8\.0\.\d+\) -> blue \(Redis 7\.0\.\d+\)/);
    await workload?.awaitWrites(500);
    await workload?.mark("rollback");
    await stack.up();
    await workload?.mark("on blue");
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    await awaitReader(stack, "blue", 1);
    await expectReport(stack, "rollback", ["green", "blue"]);
    await workload?.awaitWrites(200);
    await stack.upUnchanged();
  });

  step("rehearses the way to green and back under load, once", async () => {
    await stack.edit({ rehearsal: "before the holidays" });
    const preview = await stack.preview();
    expect(preview).toMatch(/rehearsal *: "before the holidays"/);
    expect(preview).toContain("rehearsal, there: 9. switch: send clients to green");
    expect(preview).toContain("rehearsal, back: 9. switch: send clients to blue");
    await workload?.awaitWrites(200);
    await workload?.mark("rehearsal");
    const output = await stack.up();
    await workload?.mark("after the rehearsal");
    expect(output).toContain("rehearsal before the holidays: blue -> green");
    expect(output).toContain("rehearsal before the holidays: done, blue serves again with every write");
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    await expectReport(stack, "rehearsal", ["green", "blue"]);
    await workload?.awaitWrites(200);
    await stack.upUnchanged();
  });

  let failedBake = "";

  step("goes back under load when a bake's limit is passed, and doesn't try again unless told", async () => {
    await stack.edit({ live: "green", bake: { ...PATIENT, seconds: 60, maxP99Ms: 0 } });
    await workload?.mark("failed bake");
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    await workload?.mark("after the failed bake");
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /the bake of green failed: latency p99 in ms \d+(\.\d)?, maxP99Ms 0\. Going back to blue/,
    );
    expect(output).toContain("blue is live again, with every write that green took.");
    failedBake = /bake\.retry: (\w+) to try again/.exec(output)?.[1] ?? "";
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    const again = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(again.code).not.toBe(0);
    expect(again.output).toContain(`green was left again (${failedBake}) because its bake failed`);
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    await workload?.awaitWrites(200);
  });

  step("tries again when told, and is content with a bake within its limits", async () => {
    await stack.edit({ bake: { ...PATIENT, seconds: 12, retry: failedBake } });
    await workload?.mark("bake");
    const update = await RunningUpdate.at("bake: green is watched for 12 s", stack);
    // As a network or a timeout may end them within hours.
    await stack.withServer("green", (server) => server.call("CLIENT", "KILL", "USER", OPERATOR_USER));
    const { code, output } = await update.result;
    await workload?.mark("after the bake");
    expect(code, output).toBe(0);
    expect(output).toContain("bake: blue is watched for 10 s before the cutover");
    expect(output).toMatch(/bake: medians of green: latency p50 in ms [\d.]+ \([\d.]+ before\)/);
    expect(output).toContain("bake: passed, 12 looks at green");
    const [, file = ""] = /report: (\S+-bake\.json)/.exec(output) ?? [];
    const { bake } = JSON.parse(await readFile(file, "utf8")) as UpdateReport;
    expect(bake).toMatchObject({ verdict: "passed", looks: 12 });
    expect(bake?.failed).toBeLessThanOrEqual(1);
    const limits = bake?.figures.map(({ limit }) => limit);
    const compared = bake?.figures.filter(({ before }) => before !== undefined).map(({ limit }) => limit);
    expect(compared).toEqual(expect.arrayContaining(["maxP99Ms", "maxCommandP99Ms", "maxMemoryPercent"]));
    expect(limits).toEqual(expect.arrayContaining(["maxP99Ms", "maxCommandP99Ms", "maxLagBytes"]));
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
    await workload?.awaitWrites(200);
    await stack.upUnchanged();
  });

  step("has lost nothing, repeated nothing and shown no error to any client", async () => {
    const { windows, findings } = await stopWorkload();
    for (const window of WINDOWS) {
      expect(windows[window], `${window}: ${findings.join("\n")}`).toMatchObject(NOTHING_NOTICED);
      expect(windows[window]?.acknowledgedWrites).toBeGreaterThan(0);
    }
    expect(await expectEqualData(stack, "green")).toBeGreaterThan(2_000);
  });

  async function stopWorkload() {
    if (workload === undefined) throw new Error("no workload is running");
    const result = await workload.stop();
    workload = undefined;
    return result;
  }
});

/** Of the workload's second run. */
const WINDOWS = [
  "all",
  "on green",
  "rollback",
  "on blue",
  "rehearsal",
  "after the rehearsal",
  "failed bake",
  "after the failed bake",
  "bake",
  "after the bake",
];

/** Eight clients; "all" counts what they do until the next mark. */
async function startWorkload(stack: TestStack): Promise<Workload> {
  const workload = await Workload.start({ endpoint: stack.endpoint, ratePerClient: 100 });
  await workload.mark("all");
  return workload;
}

const SERVERS: readonly ServerOfStack[] = [
  ["blue", 0],
  ["blue", 1],
  ["green", 0],
  ["green", 1],
];

async function footprints(stack: TestStack): Promise<ServerFootprint[]> {
  return Promise.all(SERVERS.map(([colour, index]) => footprintOf(stack, colour, index)));
}

async function expectReport(
  stack: TestStack,
  kind: UpdateReport["kind"],
  [from, to]: [Colour, Colour],
): Promise<void> {
  const { report, markdown } = await lastUpdate(stack);
  expect(report).toMatchObject({
    schemaVersion: 1,
    name: stack.deployment,
    kind,
    from: { colour: from },
    to: { colour: to },
    outcome: "done",
    keysDifferent: 0,
    verdict: { kind: "lossless (native)" },
  });
  expect(report.phases.map(({ name }) => name)).toEqual(PHASES);
  expect(report.writePauseMs).toBeGreaterThan(0);
  expect(report.offset).toBeGreaterThan(0);
  expect(report.keysCompared).toBeGreaterThan(0);
  expect(report.connectionsMoved).toBeGreaterThanOrEqual(8);
  expect(report.backup).toMatch(new RegExp(`${stack.deployment}-${from}-[^/]*\\.rdb$`));
  expect(markdown).toContain(`# ${stack.deployment}: ${kind} from ${from} (`);
  for (const phase of PHASES) expect(markdown).toContain(`| ${phase} | `);
}
