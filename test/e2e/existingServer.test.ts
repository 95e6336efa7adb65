import { existsSync } from "node:fs";
import { GenericContainer, Wait, type StartedTestContainer } from "testcontainers";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { Redis } from "ioredis";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import { findPasswords } from "../support/secretSearch.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { lastUpdate } from "../support/updateReports.ts";
import { identityOf, whoAnswers } from "../support/whoServes.ts";
import { seedDataset } from "../support/workload/seed.ts";
import { Workload } from "../support/workload/workload.ts";

const NOTHING_NOTICED = { lostWrites: 0, repeatedWrites: 0, clientErrors: 0 };
const GREEN = { version: "8.0", memory: 128 };

describe("a server that this project did not create", () => {
  const step = inSteps();
  let stack: TestStack;
  let container: StartedTestContainer;
  let blue: RedisServer;
  /** A client that connects past the proxy. */
  let direct: Redis;
  let workload: Workload | undefined;
  /** This machine, as the server in its container reaches it. */
  let gateway: string;
  let before: string;

  beforeAll(async () => {
    stack = await TestStack.create("e2e-existing", { live: "blue" });
    const conf = `requirepass ${stack.passwords.application}\nsave 3600 1\nmaxmemory 64mb\n`;
    container = await new GenericContainer("redis:7.0")
      .withEntrypoint(["sh"])
      .withCommand(["-c", "mkdir -p /data && cd /data && cp /redis.conf . && exec redis-server ./redis.conf"])
      .withCopyContentToContainer([{ content: conf, target: "/redis.conf" }])
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
    const login = { username: "default", password: stack.passwords.application };
    const address = { host: "127.0.0.1", port: container.getMappedPort(6379) };
    blue = await RedisServer.connect(address, login);
    direct = new Redis({ ...address, password: login.password });
    await seedDataset({ ...address, password: login.password }, { keys: 1_000 });
    const format = "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}";
    gateway = (await stack.docker("inspect", container.getId(), "--format", format)).trim();
    before = await untouched();
  });

  afterAll(async () => {
    workload?.kill();
    blue.close();
    direct.disconnect();
    await stack.remove();
    await container.stop({ timeout: 0 });
  });

  step("is looked at before it is adopted: a login that it refuses stops everything, unnamed", async () => {
    await stack.configure({ live: "blue", blue: existing({ password: stack.secured("operator") }) });
    const { code, output } = await stack.pulumi("preview", "--diff");
    expect(code, output).not.toBe(0);
    expect(output).toMatch(/fail {2}blue reachable .*WRONGPASS/);
    expect(output).toContain("check the operator's login for blue");
  });

  step("previews the adoption: the checks, and what is done to it", async () => {
    await stack.configure({ live: "blue", blue: existing() });
    const preview = await stack.preview();
    expect(preview).toMatch(
      /pass {2}blue reachable .*Redis 7\.0\.\d+ at 127\.0\.0\.1:\d+ answers the operator/,
    );
    expect(preview).toMatch(/pass {2}role of live/);
    expect(preview).toMatch(/pass {2}write test/);
    expect(preview).toMatch(/pass {2}blue clients' login/);
    expect(preview).toContain("open blue, an existing server, to the proxy; nothing else of it is changed");
    expect(preview).not.toMatch(/docker:index\/volume:Volume/);
    expect(await blue.call("ACL", "USERS")).toEqual(["default"]);
  });

  step("is adopted: the endpoint leads to it, and it runs on with its data", async () => {
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await runId(blue));
    expect(await stack.outputs()).toMatchObject({ live: "blue", rollback: "none: there is one colour only" });
    expect(await stack.containers()).toEqual([`${stack.deployment}-proxy`]);
    expect(await untouched()).toBe(before);
    await stack.upUnchanged();
  });

  step(
    "gets no promise of a way back that it can't take: it doesn't reach this machine by loopback",
    async () => {
      await stack.edit({ green: GREEN });
      const preview = await stack.preview();
      expect(preview).toContain(
        `backup only, blue sees this machine as ${gateway}, so that 127.0.0.1 (redis-bluegreen:blue.advertiseHost) leads it to itself and not to green`,
      );
      // A check of the proxy that has not logged in yet looks like one more.
      const counted = async (): Promise<true | undefined> =>
        /warn {2}clients +1 connected, 1 of them not through the proxy/.test(await stack.preview())
          ? true
          : undefined;
      await until(counted, { timeoutMs: 60_000, intervalMs: 0, what: "the direct client is counted" });
    },
  );

  step("is told how it reaches this machine; green copies it while clients write", async () => {
    workload = await Workload.start({ endpoint: stack.endpoint, ratePerClient: 100 });
    await workload.mark("all");
    await stack.edit({ blue: existing({ advertiseHost: gateway }) });
    expect(await stack.preview()).toMatch(/pass {2}rollback +lossless \(native\), Redis 7\.0/);
    await stack.up();
    await stack.upUnchanged();
    expect((await stack.outputs())["rollback"]).toMatch(/^lossless \(native\): /);
  });

  step("hands over to green and follows it", async () => {
    await stack.edit({ live: "green" });
    const output = await stack.up();
    expect(output).toContain("blue continues behind green without a full copy");
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
    expect(await blue.replication()).toMatchObject({
      role: "replica",
      linkUp: true,
      following: { host: gateway, port: stack.ports.green },
    });
    await expect(direct.set("past the proxy", "1")).rejects.toThrow("READONLY");
    await stack.upUnchanged();
  });

  step("takes over again with what was written meanwhile", async () => {
    await workload?.awaitWrites(200);
    await stack.edit({ live: "blue" });
    await stack.up();
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await runId(blue));
    expect(await direct.set("past the proxy", "1")).toBe("OK");
    await stack.upUnchanged();
    expect(await untouched()).toBe(before);
  });

  step("has lost nothing, repeated nothing and shown no error to any client of the endpoint", async () => {
    const result = await workload?.stop();
    workload = undefined;
    expect(result?.windows["all"], result?.findings.join("\n")).toMatchObject(NOTHING_NOTICED);
  });

  step("is retired: copied a last time, and left running with its data", async () => {
    await stack.edit({ live: "green" });
    await stack.up();
    await stack.edit({ blue: undefined });
    const preview = await stack.preview();
    expect(preview).toContain("an existing server is left running");
    await stack.up();
    const { report } = await lastUpdate(stack);
    expect(report).toMatchObject({ kind: "retire", from: { colour: "blue" }, outcome: "done" });
    expect(existsSync(report.backup ?? "")).toBe(true);
    await stack.upUnchanged();

    expect(await untouched()).toBe(before);
    expect((await blue.replication()).role).toBe("master");
    const found = await stack.withServer("green", (green) => compareDatasets(blue, green, { keys: "all" }));
    expect(found).toMatchObject({ keysDifferent: 0 });
    expect(found.keysCompared).toBeGreaterThan(1_000);
    await expect(direct.set("past the proxy", "2")).rejects.toThrow("NOREPLICAS");
  });

  step("has its password in no state, log, report or backup", async () => {
    expect(await findPasswords(stack)).toEqual([]);
  });

  function existing(more: object = {}): object {
    const address = `redis://default@127.0.0.1:${container.getMappedPort(6379)}`;
    return { address, password: stack.secured("application"), ...more };
  }

  /** What a restart or a new container would change. */
  async function untouched(): Promise<string> {
    const format = "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}";
    return `${await stack.docker("inspect", container.getId(), "--format", format)} ${await runId(blue)}`;
  }
});

async function runId(server: RedisServer): Promise<string> {
  return (await server.info("server")).get("run_id") ?? "";
}
