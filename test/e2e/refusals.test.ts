import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { footprintOf } from "../support/serverFootprint.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack, type StackConfig } from "../support/testStack.ts";

const WEAK = "hunter2hunter2";

/** Without heartbeats, so that every byte of replication that is there was written by somebody. */
const QUIET = { "repl-ping-replica-period": 3_600, "repl-timeout": 7_200 };

describe("a configuration that can't be carried out is refused by preview, with nothing touched", () => {
  const step = inSteps();
  const blue = { version: "8.0", memory: 96, redis: QUIET };
  const green = { version: "8.6", memory: 96, redis: QUIET };
  let stack: TestStack;
  let squatters: Server[] = [];

  beforeAll(async () => {
    stack = await TestStack.create("e2e-refuse", { live: "blue", blue });
  });

  afterAll(async () => {
    for (const server of squatters) server.close();
    await stack.remove();
  });

  step("names everything that is wrong at once", async () => {
    const { write, runtime } = stack.ports;
    await stack.configure({
      live: "green",
      blue: { version: "8.0", image: "redis:7.0", replicas: "2", replica: 1, memory: 32 },
      endpoint: { host: "0.0.0.0", writePort: write, readPort: write, runtimePort: runtime },
      auth: { applicationPassword: WEAK },
      guardrails: { maxLagBytes: "many" },
      guardrail: {},
    });
    const output = await refused();
    expect(output).toContain("The configuration of stack e2e-refuse has 11 problems; nothing was changed:");
    for (const sentence of [
      "guardrail is an unknown key, but must be one of platform, live, blue, green, endpoint, auth, guardrails, bake, rehearsal, bridge, backup, report: rename it to guardrails, or remove it.",
      'guardrails.maxLagBytes is "many", but must be a whole number',
      "blue.replica is an unknown key",
      'blue.replicas is "2", but must be a whole number from 0 to 5: remove the quotes.',
      'blue.image is "redis:7.0", whose tag says 7.0, but must be an image whose tag names version 8.0: write redis:8.0, or set version: "7.0".',
      "blue.memory is the number 32, but must be a whole number from 64",
      "live is green, a colour without a deployment, but must be blue",
      `endpoint.readPort is ${write}, which redis-bluegreen:endpoint.writePort takes, but must be a port of its own`,
      "auth.applicationPassword is a password of less than 16 characters, but must be at least 16 characters of at least 6 kinds where redis-bluegreen:endpoint.host (0.0.0.0) is not on loopback",
      "auth.operatorPassword is missing",
      "auth.replicationPassword is missing",
    ]) {
      expect(output).toContain(`. redis-bluegreen:${sentence}`);
    }
    expect(output).not.toContain(WEAK);
  });

  step("names a pair that can't replicate and every port that is taken", async () => {
    squatters = await Promise.all([stack.ports.write, stack.ports.green].map(listen));
    await stack.configure({ live: "blue", blue, green: { version: "7.0", memory: 96 } });
    const output = await refused();
    expect(output).toContain(
      "redis-bluegreen:green.version: green starts empty and can't copy blue: Redis 8.0 writes RDB version 12, Redis 7.0 reads up to 10. Set a version that can",
    );
    for (const port of [stack.ports.write, stack.ports.green]) {
      expect(output).toContain(
        `port 127.0.0.1:${port} is taken by another process. Stop it, or choose another port`,
      );
    }
    for (const server of squatters) server.close();
    expect(await stack.containers()).toEqual([]);
  });

  step("refuses to go to a colour that isn't deployed, or that couldn't copy", async () => {
    await stack.configure({ live: "blue", blue });
    await stack.up();
    await write("before", "1");
    const before = await everything();
    await stack.edit({ live: "green", green });
    expect(await refused()).toContain(
      "redis-bluegreen:live: green is not deployed yet and can't be made live in the update that creates it. Set live: blue, run pulumi up so that green is in sync, then set live: green",
    );
    await stack.edit({ live: "blue", green: { version: "7.0" } });
    expect(await refused()).toContain(
      "green starts empty and can't copy blue: Redis 8.0 writes RDB version 12",
    );
    expect(await everything()).toEqual(before);
  });

  step("refuses changes in place, of the live colour and of the standby", async () => {
    await stack.configure({ live: "blue", blue, green });
    await stack.up();
    const before = await everything();
    await stack.edit({
      blue: {
        ...blue,
        version: "8.6",
        persistence: "aof",
        redis: { ...QUIET, hz: 20 },
        operatorPort: stack.ports.blue + 1,
      },
      green: { ...green, version: "8.0" },
    });
    const output = await refused();
    for (const [key, from, to] of [
      ["version", '"8.0"', '"8.6"'],
      ["image", '"redis:8.0"', '"redis:8.6"'],
      ["persistence", '"rdb"', '"aof"'],
      ["operatorPort", stack.ports.blue, stack.ports.blue + 1],
    ]) {
      expect(output).toContain(
        `redis-bluegreen:blue.${key}: blue is live, and changing this from ${from} to ${to} would restart or replace the live server. Leave it as it was, add the change to green, and make green live with a cutover`,
      );
    }
    expect(output).toContain("redis-bluegreen:blue.redis: blue is live, and changing this from {");
    expect(output).toContain(
      'redis-bluegreen:green.version: green would go from "8.6" down to "8.0" in place; an older server can\'t read the newer one\'s files. Remove green, run pulumi up, which takes a last backup of it, and add it again with "8.0"',
    );
    expect(await everything()).toEqual(before);
  });

  step("refuses to retire in a cutover, and to remove the live colour or both", async () => {
    const before = await everything();
    await stack.configure({ live: "green", green });
    const sentence =
      "redis-bluegreen:blue: live changes from blue to green and blue is removed in the same update; a cutover keeps both colours, so that there is a way back. Put blue back, run pulumi up, and remove it in a later update";
    expect(await refused()).toContain(sentence);
    expect(await refused("up", "--yes", "--skip-preview")).toContain(sentence);

    await stack.configure({ live: "blue", green });
    expect(await refused()).toContain(
      "redis-bluegreen:live is blue, a colour without a deployment, but must be green: set it to green, or add redis-bluegreen:blue",
    );

    await stack.configure({ live: "blue" });
    expect(await refused()).toContain(
      "redis-bluegreen:blue is missing, and so is redis-bluegreen:green, but must be given for at least the live colour",
    );
    expect(await everything()).toEqual(before);
  });

  step("goes on with the right configuration as if nothing had been asked", async () => {
    const before = await everything();
    await stack.configure({ live: "blue", blue, green });
    await stack.upUnchanged();
    expect(await everything()).toEqual(before);
  });

  /** What a command prints that must fail. */
  async function refused(...args: string[]): Promise<string> {
    const command = args.length === 0 ? ["preview", "--diff"] : args;
    const { code, output } = await stack.pulumi(...command);
    expect(code, output).not.toBe(0);
    // A refusal is a sentence, not a stack of calls.
    expect(output).not.toMatch(/^\s+at .*\.(ts|js):\d+/m);
    return output;
  }

  async function write(key: string, value: string): Promise<void> {
    const server = await stack.application();
    await server.call("SET", key, value);
    server.close();
  }

  /** Containers and servers with all that a change of any kind would change in them. */
  async function everything(): Promise<StackConfig> {
    const names = await stack.containers();
    const seen: StackConfig = {
      containers: await stack.docker(
        "inspect",
        "--format",
        "{{.Name}} {{.Id}} {{.State.StartedAt}}",
        ...names,
      ),
      blue: await footprintOf(stack, "blue", 0),
    };
    if (names.includes(`${stack.deployment}-green-0`)) seen["green"] = await footprintOf(stack, "green", 0);
    return seen;
  }
});

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}
