import { connect } from "node:net";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { COLOURS, type Colour } from "../../components/engine/colour.ts";
import { Haproxy } from "../../components/engine/haproxy.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import { PROXY_USER } from "../../components/engine/users.ts";
import { footprintOf } from "../support/serverFootprint.ts";
import { standStill } from "../support/standStill.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { expectEqualData, identityOf, whoAnswers } from "../support/whoServes.ts";

const KEYS = 200;

/** What `pulumi stack export` prints, as far as it is of interest here. */
interface ExportedState {
  deployment: {
    resources: { inputs?: { __provider?: string }; outputs?: { __provider?: string } }[];
  };
}
const PRIMARIES = COLOURS.map((colour) => [colour, 0] as const);
const FENCE = ["CONFIG", "SET", "min-replicas-to-write"];

describe("what somebody changed by hand is shown by refresh and preview, and repaired by up or refused", () => {
  const step = inSteps();
  let stack: TestStack;

  beforeAll(async () => {
    stack = await TestStack.create("e2e-drift", { live: "blue", blue: { version: "7.0", memory: 96 } });
    await stack.up();
    await stack.edit({ green: { version: "8.0", memory: 96 } });
    await stack.up();
    for (let i = 0; i < KEYS; i++) await write(`key:${i}`, String(i));
  });

  afterAll(() => stack.remove());

  step(
    "nobody: a state of another release of this package differs in the text of its providers alone",
    async () => {
      const state = JSON.parse(await stack.mustPulumi("stack", "export")) as ExportedState;
      for (const { inputs, outputs } of state.deployment.resources) {
        for (const properties of [inputs, outputs]) {
          if (properties?.__provider !== undefined) properties.__provider += "\n// of another release";
        }
      }
      const file = join(stack.directory, "state.json");
      await mkdir(stack.directory, { recursive: true });
      await writeFile(file, JSON.stringify(state));
      await stack.mustPulumi("stack", "import", "--file", file);
      await stack.upUnchanged();
    },
  );

  step("a link that was cut", async () => {
    await byHand("green", ["REPLICAOF", "NO", "ONE"]);
    expect(await refresh()).toMatch(/status *: "up" => "cut"/);
    const output = await repair();
    expect(output).toContain("green does not follow blue");
    expect(output).toMatch(/ReplicationLink: \(update\)/);
    await expectRepaired();
  });

  step("a proxy that sends clients to the standby", async () => {
    await proxy(
      "disable health write/green",
      "set server write/green health up",
      "set server write/blue state maint",
    );
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "green"));
    expect(await refresh()).toMatch(/traffic *: "blue" => "green"/);
    expect(await repair()).toContain("send clients to blue again: the proxy sends them to green");
    await expectRepaired();
  });

  step("a proxy that was killed finds the live colour by itself", async () => {
    const container = `${stack.deployment}-proxy`;
    await stack.docker("kill", container);
    await stack.docker("start", container);
    await awaitServing("blue");
    await expectRepaired();
  });

  step("a live server that was stopped", async () => {
    const container = `${stack.deployment}-blue-0`;
    const id = await stack.docker("inspect", "--format", "{{.Id}}", container);
    await stack.docker("stop", "--time", "120", container);
    expect(await refresh()).toMatch(/serving *: "blue" => "none"/);
    const output = await repair();
    expect(output).toMatch(/warn {2}blue does not answer: /);
    expect(output).toMatch(/mustRun *: false => true/);
    expect(output).not.toMatch(/\((replace|delete|create)/);
    expect(await stack.docker("inspect", "--format", "{{.Id}}", container)).toBe(id);
    await awaitServing("blue");
    await expectRepaired();
  });

  step("a failover done by hand goes back without a loss", async () => {
    await failOver();
    await awaitServing("green");
    await write("written on green", "1");
    const seen = await refresh();
    expect(seen).toMatch(/serving *: "blue" => "green"/);
    expect(seen).toMatch(/traffic *: "blue" => "green"/);
    expect(await repair()).toMatch(/cutover green \(Redis 8\.0\.\d+\) -> blue \(Redis 7\.0\.\d+\)/);
    expect(await read("blue", "written on green")).toBe("1");
    expect((await stack.outputs())["live"]).toBe("blue");
    await expectRepaired();
  });

  step("two open colours are refused, and the sentence says how to go on", async () => {
    await byHand("green", ["REPLICAOF", "NO", "ONE"], [...FENCE, "0"], ["ACL", "SETUSER", PROXY_USER, "on"]);
    await standStill(stack, PRIMARIES, true);
    const before = [await footprintOf(stack, "blue", 0), await footprintOf(stack, "green", 0)];
    expect(await refresh()).toMatch(/serving *: "blue" => "none"/);
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      expect(await refused(...command)).toContain(
        "both colours take writes. Neither is touched. Find out which one the clients use, close the other by hand " +
          "(CONFIG SET min-replicas-to-write 1000000, then CONFIG REWRITE), and run pulumi up again",
      );
    }
    expect([await footprintOf(stack, "blue", 0), await footprintOf(stack, "green", 0)]).toEqual(before);
    await standStill(stack, PRIMARIES, false);

    await byHand("green", [...FENCE, "1000000"], ["CONFIG", "REWRITE"]);
    expect(await repair()).toContain(`keep the proxy away from green: its user ${PROXY_USER} is on`);
    await expectRepaired();
  });

  step("a standby that was written to is overwritten only on the user's word", async () => {
    await byHand("green", ["REPLICAOF", "NO", "ONE"], [...FENCE, "0"]);
    await write("own", "1", stack.ports.green);
    const keys = (await stack.withServer("green", (server) => server.keyspace())).get(0);
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      expect(await refused(...command)).toContain(
        `green holds ${keys} keys that a full copy from blue would overwrite. If they are not wanted, set redis-bluegreen:green.reseed: true and run pulumi up again; else save them first`,
      );
    }
    expect(await read("green", "own")).toBe("1");

    await stack.edit({ green: { version: "8.0", memory: 96, reseed: true } });
    await stack.up();
    expect(await read("green", "own")).toBeNull();
    await stack.edit({ green: { version: "8.0", memory: 96 } });
    await stack.up();
    await expectRepaired();
  });

  /** Blue serves all that was written, green has all of it behind closed doors, and there is nothing left to do. */
  async function expectRepaired(): Promise<void> {
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, "blue"));
    await write("probe", "1");
    expect(await expectEqualData(stack, "blue")).toBeGreaterThan(KEYS);
    await stack.withServer("green", async (server) => {
      expect((await server.replication()).role).toBe("replica");
      expect(Number((await server.configGet(FENCE[2] ?? "")).get(FENCE[2] ?? ""))).toBeGreaterThanOrEqual(
        1_000_000,
      );
      expect(await server.call("ACL", "LIST")).toContainEqual(
        expect.stringMatching(`^user ${PROXY_USER} off `),
      );
    });
    await stack.upUnchanged();
  }

  /** As an operator does it who has no tool: close blue, wait for green, open green, let blue follow. */
  async function failOver(): Promise<void> {
    await byHand("blue", ["ACL", "SETUSER", PROXY_USER, "off"], [...FENCE, "1000000"]);
    await expectEqualData(stack, "blue");
    await byHand(
      "green",
      ["REPLICAOF", "NO", "ONE"],
      [...FENCE, "0"],
      ["ACL", "SETUSER", PROXY_USER, "on"],
      ["CONFIG", "REWRITE"],
    );
    await byHand("blue", ["REPLICAOF", `${stack.deployment}-green-0`, "6379"], ["CONFIG", "REWRITE"]);
    await until(
      async () =>
        (await stack.withServer("blue", (server) => server.replication())).linkUp ? true : undefined,
      { timeoutMs: 60_000, intervalMs: 100, what: "blue follows green" },
    );
  }

  function byHand(colour: Colour, ...commands: string[][]): Promise<void> {
    return stack.withServer(colour, async (server) => {
      for (const [name = "", ...args] of commands) await server.call(name, ...args);
    });
  }

  async function proxy(...commands: string[]): Promise<void> {
    const socket = connect(stack.ports.runtime, "127.0.0.1");
    await once(socket, "connect");
    socket.write(`${commands.join(";")}\n`);
    expect((await text(socket)).trim()).toBe("");
  }

  /** `pulumi up`; what it prints begins with its preview. */
  function repair(): Promise<string> {
    return stack.mustPulumi("up", "--yes", "--diff");
  }

  function refresh(): Promise<string> {
    return stack.mustPulumi("refresh", "--yes", "--diff");
  }

  async function refused(...command: string[]): Promise<string> {
    const { code, output } = await stack.pulumi(...command);
    expect(code, output).not.toBe(0);
    return output;
  }

  function write(key: string, value: string, port?: number): Promise<unknown> {
    return asApplication(port, (server) => server.call("SET", key, value));
  }

  function read(colour: Colour, key: string): Promise<unknown> {
    return asApplication(stack.ports[colour], (server) => server.call("GET", key));
  }

  async function asApplication<T>(
    port: number | undefined,
    use: (server: RedisServer) => Promise<T>,
  ): Promise<T> {
    const server = await stack.application(port);
    try {
      return await use(server);
    } finally {
      server.close();
    }
  }

  /** Its checks take up to a second to see that a server has closed. */
  async function awaitServing(colour: Colour): Promise<void> {
    const haproxy = new Haproxy({ host: "127.0.0.1", port: stack.ports.runtime });
    const target = async (): Promise<true | undefined> =>
      (await haproxy.observe().catch(() => undefined))?.target === colour ? true : undefined;
    await until(target, { timeoutMs: 60_000, intervalMs: 100, what: `the proxy sends clients to ${colour}` });
    expect(await whoAnswers(stack, stack.ports.write)).toBe(await identityOf(stack, colour));
  }
});
