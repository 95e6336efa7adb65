import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Properties, Value } from "./dockerProvider/properties.ts";
import { Plugin } from "./plugin.ts";
import { docker, freePort, idle, prefix, Throwaways } from "./throwaways.ts";

let plugin: Plugin;
const made = new Throwaways();

beforeAll(async () => {
  plugin = await Plugin.start();
});
afterEach(() => made.remove());
afterAll(() => plugin.stop());

/** As the engine marks a secret. */
function secret(value: Value): Value {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

/** The properties as text, without what is marked as secret. */
function inClear(properties: Properties): string {
  return JSON.stringify(properties, (_, value: unknown) =>
    typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value ? null : value,
  );
}

/** What a command prints in a running container. */
async function output(id: string, ...command: string[]): Promise<string> {
  const exec = await docker.getContainer(id).exec({ Cmd: command, AttachStdout: true, Tty: true });
  let printed = "";
  for await (const chunk of await exec.start({ Tty: true })) printed += String(chunk);
  return printed.trim();
}

test("a secret stays marked in inputs, state, refresh and update, and is in no error", async () => {
  const password = "correct-horse-battery";
  const container = made.container(plugin);
  const program = idle(made.name(), {
    uploads: [
      { file: "/etc/users.acl", content: secret(`user default on >${password}`), permissions: "0600" },
    ],
    envs: secret([`PASSWORD=${password}`]),
  });
  const clear = (): string => inClear(container.inputs) + inClear(container.state);
  await container.up(program);
  expect(clear()).not.toContain(password);
  expect(JSON.stringify(container.state)).toContain(password);
  expect(await output(container.id, "cat", "/etc/users.acl")).toContain(password);
  await container.refresh();
  expect(clear()).not.toContain(password);
  expect(await container.up({ ...program, memory: 64, memorySwap: 64 })).toBe("update");
  expect(clear()).not.toContain(password);
  expect(await container.up({ ...program, memory: 64, memorySwap: 64 })).toBe("same");

  const failing = made.container(plugin);
  const unusable = idle(made.name(), { ...program, command: [secret(password)] });
  const error: unknown = await failing
    .up({ ...unusable, name: made.name() })
    .catch((reason: unknown) => reason);
  expect(String(error)).toContain("[secret]");
  expect(String(error)).not.toContain(password);
  expect(inClear(failing.state)).not.toContain(password);
});

test("a file is there before the start, root-owned, 0644 unless told otherwise", async () => {
  const container = made.container(plugin);
  const path = `/etc/${"deep/".repeat(25)}redis.conf`;
  await container.up({
    ...idle(made.name()),
    command: ["redis-server", path],
    uploads: [
      { file: path, content: "maxclients 77\n" },
      { file: "/etc/blob", contentBase64: Buffer.from([0, 255]).toString("base64"), permissions: "0400" },
      { file: "/etc/run.sh", content: "#!/bin/sh\n", executable: true },
    ],
  });
  await expect
    .poll(() => output(container.id, "redis-cli", "config", "get", "maxclients"), { timeout: 60_000 })
    .toContain("77");
  const listed = await output(container.id, "stat", "-c", "%u:%g %a %s", path, "/etc/blob", "/etc/run.sh");
  expect(listed.split(/\r?\n/)).toEqual(["0:0 644 14", "0:0 400 2", "0:0 744 10"]);
});

test("names, aliases, hosts and published addresses reach where they should", async () => {
  const network = made.network(plugin);
  const name = made.name();
  await network.up({ name });
  const [server, client, external] = [made.container(plugin), made.container(plugin), await freePort()];
  const networksAdvanced = [{ name, aliases: ["redis-primary"] }];
  const command = ["redis-server", "--protected-mode", "no"];
  const ports = [{ internal: 6379, external, ip: "127.0.0.1" }];
  await server.up(idle(made.name(), { command, networksAdvanced, ports, restart: "unless-stopped" }));
  await client.up(
    idle(made.name(), {
      networksAdvanced: [{ name }],
      hosts: [{ host: "host.docker.internal", ip: "host-gateway" }],
      healthcheck: { tests: ["CMD", "redis-cli", "ping"], interval: "1s", timeout: "1s", retries: 30 },
      wait: true,
    }),
  );
  await expect
    .poll(() => output(client.id, "redis-cli", "-h", "redis-primary", "ping"), { timeout: 60_000 })
    .toBe("PONG");
  expect(await output(client.id, "getent", "hosts", "host.docker.internal")).not.toBe("");
  const { NetworkSettings } = await docker.getContainer(server.id).inspect();
  expect(Object.keys(NetworkSettings.Networks)).toEqual([name]);
  expect(NetworkSettings.Ports["6379/tcp"]).toEqual([{ HostIp: "127.0.0.1", HostPort: String(external) }]);

  // A network goes only once its containers have left it.
  const removal = network.destroy();
  await Promise.race([removal, setTimeout(100)]);
  await Promise.all([server.destroy(), client.destroy()]);
  await removal;
  await expect(docker.getNetwork(name).inspect()).rejects.toMatchObject({ statusCode: 404 });
});

test("what it does not cover is refused by name, and what is wrong all at once", async () => {
  const urn = "urn:pulumi:ground::redis-bluegreen::docker:index/container:Container::wrong";
  const wrong = {
    gpus: "all",
    memory: "64",
    restart: "sometimes",
    ports: [{ external: 1, hostIp: "127.0.0.1" }],
    networkDatas: [],
  };
  const { failures } = await plugin.check(urn, {}, wrong);
  expect(failures.map((failure) => failure.split(" ")[0]).sort()).toEqual(
    ["gpus", "image", "memory", "networkDatas", "ports[0].hostIp", "ports[0].internal", "restart"].sort(),
  );
  const image = "urn:pulumi:ground::redis-bluegreen::docker:index/image:Image::built";
  await expect(plugin.check(image, {}, {})).rejects.toThrow("has no docker:index/image:Image");
});

test("a name that was not given is made up, kept, and made up anew on replacement", async () => {
  const network = made.network(plugin);
  await network.up({});
  const first = network.state["name"];
  expect(first).toMatch(new RegExp(`^${prefix}\\d+-[0-9a-f]{7}$`));
  expect(await network.up({})).toBe("same");
  const internal = { internal: true };
  expect(await network.preview(internal)).toMatchObject({
    replaces: ["internal"],
    deleteBeforeReplace: false,
  });
  expect(await network.up(internal)).toBe("replace");
  expect(network.state["name"]).not.toBe(first);

  const named = made.network(plugin);
  const name = made.name();
  await named.up({ name });
  expect(await named.preview({ name, ...internal })).toMatchObject({ deleteBeforeReplace: true });
  await named.refresh();
  expect(await named.up({ name })).toBe("same");
});

test("an unknown value passes the check and shows as a change", async () => {
  const container = made.container(plugin);
  const program = idle(made.name(), { labels: [{ label: "a", value: "1" }] });
  await container.up(program);
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  expect((await container.preview({ ...program, memory: unknown })).detailed).toEqual({ memory: "UPDATE" });
  expect(
    (await container.preview({ ...program, labels: [{ label: "a", value: unknown }] })).replaces,
  ).toEqual(["labels"]);
});

test("it ends by itself once the engine is gone", async () => {
  const main = new URL("dockerProvider/main.ts", import.meta.url).pathname;
  const start = `const { spawn } = require("node:child_process");
    const plugin = spawn(process.execPath, [${JSON.stringify(main)}], { stdio: ["ignore", "pipe", "ignore"] });
    plugin.stdout.once("data", () => process.stdout.write(String(plugin.pid)));`;
  const engine = spawn(process.execPath, ["-e", start], { stdio: ["ignore", "pipe", "inherit"] });
  const [pid] = (await once(engine.stdout, "data")) as [Buffer];
  const orphan = Number(pid.toString());
  engine.kill("SIGKILL");
  const isRunning = (): boolean => {
    try {
      return process.kill(orphan, 0);
    } catch {
      return false;
    }
  };
  await expect.poll(isRunning, { timeout: 60_000 }).toBe(false);
});
