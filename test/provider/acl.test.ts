import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operatorRules } from "../../components/docker/aclRules.ts";
import { takeSample } from "../../components/engine/bake/bakeSample.ts";
import { takeBackup } from "../../components/engine/backup/backup.ts";
import { rollbackVerdict } from "../../components/engine/compatibility/rollbackVerdict.ts";
import { cutOver } from "../../components/engine/cutover/cutover.ts";
import { settle } from "../../components/engine/cutover/settle.ts";
import { connectDeployment, type Deployment } from "../../components/engine/deployment.ts";
import { feed } from "../../components/engine/feed.ts";
import { openCommands, readGate } from "../../components/engine/gate.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import { Haproxy } from "../../components/engine/haproxy.ts";
import { runPreflight } from "../../components/engine/preflight/runPreflight.ts";
import { ensureLink } from "../../components/engine/replicationLink.ts";
import { atLeast, type ServerVersion } from "../../components/engine/serverVersion.ts";
import { HEALTH_USER, PROXY_USER } from "../../components/engine/users.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import { bearProxy, type BornProxy } from "../support/bornProxy.ts";
import { bearServer, CREDENTIALS, type BornServer } from "../support/bornServer.ts";
import { SEEDED, seedEveryType } from "../support/everyType.ts";
import { PATIENT_GUARDRAILS } from "../support/patientGuardrails.ts";

const SERVERS: readonly ServerVersion[] = [
  { product: "redis", version: "6.0" },
  { product: "redis", version: "7.0" },
  { product: "redis", version: "8.0" },
  { product: "valkey", version: "9.1" },
];

/** Only a module's type is read by it, and none of the images brings one. */
const NOT_USED_HERE = ["dump"];

const say = (): void => undefined;

describe.each(SERVERS)("the users of $product $version", (version) => {
  let blue: BornServer;
  let green: BornServer;
  let proxy: BornProxy;
  let directory: string;
  const deployments: Deployment[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "redis-bluegreen-acl-"));
    [blue, green] = await Promise.all([bearServer("blue", version), bearServer("green", version)]);
    proxy = await bearProxy({ blue: blue.target.primary.peer, green: green.target.primary.peer });
  });

  afterAll(async () => {
    for (const { primary } of deployments) primary.close();
    await proxy.container.stop({ timeout: 0 });
    await Promise.all([blue.stop(), green.stop()]);
    await rm(directory, { recursive: true });
  });

  test("the operator opens, links, checks, copies, compares and cuts over, and uses every right it has", async () => {
    const [from, to] = await connect();
    const traffic = new Haproxy(proxy.runtime);
    const credentials = CREDENTIALS;
    await settle(
      { kind: "reopen", from: "blue" },
      { deployments: { blue: from, green: to }, traffic, credentials, lone: false, progress: say },
    );
    const application = await blue.as(CREDENTIALS.application);
    await seedEveryType(application);
    if (atLeast(version.version, version.product === "valkey" ? "9.0" : "7.4")) {
      await application.call("HPEXPIRE", "hash", 3_600_000, "FIELDS", 1, "a");
    }
    await application.transaction(["SELECT", 3], ["SET", "elsewhere", "1"]);
    application.close();
    await Promise.all([blue, green].map(({ admin }) => admin.call("CONFIG", "RESETSTAT")));
    const link = { credentials, syncTimeoutMs: 60_000, reseed: false, pathPrefix: "", progress: say };
    await ensureLink({ live: from, standby: to, ...link });
    const checks = await runPreflight({
      live: blue.target,
      standby: green.target,
      standbyDeployed: true,
      cutover: true,
      credentials,
      guardrails: DEFAULT_GUARDRAILS,
      pathPrefix: "",
    });
    expect(checks.filter(({ outcome }) => outcome === "fail")).toEqual([]);
    const found = await compareDatasets(from.primary, to.primary, { keys: "all" });
    expect(found).toMatchObject({ keysDifferent: 0, keysUndecided: 0, keysCompared: SEEDED.keys + 1 });
    const result = await cutOver({
      from,
      to,
      traffic,
      endpoint: proxy.write,
      credentials,
      guardrails: { ...PATIENT_GUARDRAILS, verifyKeys: 5 },
      verdict: rollbackVerdict(version, version, new Set()),
      preflight: () => Promise.resolve("done above"),
      backup: () => {
        const request = { directory, name: "acl", colour: from.colour };
        return takeBackup(from.primary, credentials.operator, request);
      },
      progress: say,
    });
    await takeSample({ live: to.primary, endpoint: to.primary });
    expect(result.figures).toMatchObject({ keysDifferent: 0, verdict: { kind: "lossless (native)" } });

    // As where the bridge carries the way back.
    await feed(from, to, credentials);
    await from.primary.transaction(...openCommands(await readGate(from.primary)));

    const used = await commandsUsed();
    const rights = [...operatorRules(version).matchAll(/ \+(\S+)/g)].map(([, right]) => right ?? "");
    expect(rights.filter((right) => !used.has(right) && !NOT_USED_HERE.includes(right))).toEqual([]);
    for (const { admin } of [blue, green]) expect(await refusals(admin)).toEqual([]);
  });

  test("the operator can neither flush nor stop, and from 7.0 on neither writes nor deletes a key of the application", async () => {
    const operator = await green.as(CREDENTIALS.operator);
    for (const command of ["FLUSHALL", "FLUSHDB", "SHUTDOWN", "MONITOR", "EVAL x 0"]) {
      const [name = "", ...args] = command.split(" ");
      await expect(operator.call(name, ...args), command).rejects.toThrow("NOPERM");
    }
    for (const command of [
      ["SET", "string", "value", "XX"],
      ["DEL", "string"],
    ]) {
      const [name = "", ...args] = command;
      const written = operator.call(name, ...args);
      if (atLeast(version.version, "7.0")) await expect(written, name).rejects.toThrow("NOPERM");
      else expect(["OK", 1]).toContain(await written);
    }
    operator.close();
  });

  test("the application does everything but administration", async () => {
    const application = await green.as(CREDENTIALS.application);
    expect(await application.call("SET", "a", "1")).toBe("OK");
    expect(await application.call("EVAL", "return redis.call('INCR', KEYS[1])", 1, "a")).toBe(2);
    expect(await application.call("PUBLISH", "channel", "message")).toBe(0);
    expect(await application.call("SORT", "list", "ALPHA", "LIMIT", 0, 1)).toEqual([""]);
    for (const command of [
      "CONFIG GET *",
      "ACL LIST",
      "REPLICAOF NO ONE",
      "FLUSHALL",
      "CLIENT PAUSE 1",
      "SHUTDOWN",
    ]) {
      const [name = "", ...args] = command.split(" ");
      await expect(application.call(name, ...args), command).rejects.toThrow("NOPERM");
    }
    application.close();
  });

  test("replicas, proxy and health check read nothing", async () => {
    for (const login of [CREDENTIALS.replication, { username: PROXY_USER }, { username: HEALTH_USER }]) {
      const server = await green.as(login);
      for (const command of ["GET x", "INFO server", "CONFIG GET *"]) {
        const [name = "", ...args] = command.split(" ");
        await expect(server.call(name, ...args), `${login.username} ${command}`).rejects.toThrow("NOPERM");
      }
      server.close();
    }
  });

  async function connect(): Promise<[Deployment, Deployment]> {
    const from = await connectDeployment(blue.target, CREDENTIALS);
    const to = await connectDeployment(green.target, CREDENTIALS);
    deployments.push(from, to);
    return [from, to];
  }

  /** Of both servers; before 7.0 the statistics name a command without its part, so every part counts as used. */
  async function commandsUsed(): Promise<{ has(right: string): boolean }> {
    const stats = await Promise.all([blue, green].map(({ admin }) => admin.info("commandstats")));
    const names = new Set(
      stats.flatMap((info) => [...info.keys()].map((name) => name.replace("cmdstat_", ""))),
    );
    return {
      has: (right) =>
        names.has(right) ||
        [...names].some((name) => name.startsWith(`${right}|`)) ||
        (!atLeast(version.version, "7.0") && names.has(right.split("|")[0] ?? "")),
    };
  }
});

/** Commands that a server refused this project's users. */
async function refusals(admin: BornServer["admin"]): Promise<string[]> {
  const log = (await admin.call("ACL", "LOG")) as unknown[][];
  return log
    .map((entry) => entry.map(String).join(" "))
    .filter((line) => /reason command .* username redis-bluegreen/.test(line));
}
