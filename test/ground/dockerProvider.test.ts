import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { harmlessChanges, replacements } from "./containerChanges.ts";
import type { Properties } from "./dockerProvider/properties.ts";
import { InitError, Plugin } from "./plugin.ts";
import { smallRegistry } from "./smallRegistry.ts";
import { docker, freePort, idle, Throwaways } from "./throwaways.ts";

let plugin: Plugin;
const made = new Throwaways();

beforeAll(async () => {
  plugin = await Plugin.start();
});
afterEach(() => made.remove());
afterAll(() => plugin.stop());

test("1. configuring and previewing need no daemon", async () => {
  const alone = await Plugin.start({ DOCKER_HOST: "tcp://127.0.0.1:1" });
  try {
    const urn = "urn:pulumi:ground::redis-bluegreen::docker:index/container:Container::alone";
    const { inputs, failures } = await alone.check(urn, {}, idle("alone", { memory: 64 }));
    expect(failures).toEqual([]);
    const preview = await alone.create(urn, inputs, true);
    expect(preview).toMatchObject({ id: "", state: { name: "alone", memory: 64, restart: "no" } });
    const changed = { ...inputs, memory: 128 };
    expect(await alone.diff(urn, "0", preview.state, changed)).toMatchObject({
      detailed: { memory: "UPDATE" },
    });
    expect(await alone.update(urn, "0", preview.state, changed, { preview: true })).toMatchObject({
      memory: 128,
    });
    await expect(alone.create(urn, inputs)).rejects.toThrow("ECONNREFUSED");
  } finally {
    await alone.stop();
  }
});

test("2. a difference comes in detail, with what replaces, and a container is deleted first", async () => {
  const container = made.container(plugin);
  const old = idle(made.name(), {
    ports: [{ internal: 6379, external: await freePort(), ip: "127.0.0.1" }],
    memory: 64,
    memorySwap: 64,
    destroyGraceSeconds: 10,
  });
  await container.up(old);
  for (const [change, detailed] of replacements) {
    const difference = await container.preview({ ...old, ...change });
    expect(difference).toEqual({
      changes: true,
      detailed,
      replaces: Object.keys(change),
      deleteBeforeReplace: true,
    });
  }
  for (const [name, value] of Object.entries(harmlessChanges))
    expect(await container.preview({ ...old, [name]: value })).toMatchObject({ changes: true, replaces: [] });
  const [before, after] = [container.id, await container.up({ ...old, user: "redis" })];
  expect([after, container.id === before, (await docker.getContainer(container.id).inspect()).Name]).toEqual([
    "replace",
    false,
    `/${old["name"] as string}`,
  ]);
});

test("3. envs, labels, volumes, uploads and networks stay as they were given", async () => {
  const network = made.network(plugin);
  const [networkName, volumeName] = [made.name(), made.name()];
  await network.up({ name: networkName });
  const given = {
    envs: ["B=2", "A=1"],
    labels: [{ label: "colour", value: "blue" }],
    volumes: [{ volumeName, containerPath: "/data" }],
    uploads: [{ file: "/etc/given.conf", content: "one" }],
    networksAdvanced: [{ name: networkName, aliases: ["given"] }],
  };
  const container = made.container(plugin);
  const program = idle(made.name(), given);
  await container.up(program);
  expect(container.state).toMatchObject(given);
  expect(await container.refresh()).toBe(true);
  expect(container.state).toMatchObject(given);
  expect(container.inputs).toMatchObject(given);
  expect(container.state["networkDatas"]).toMatchObject([{ networkName }]);
  expect(await container.preview(program)).toMatchObject({ changes: false });
});

test("4. the rest is read from Docker, in the forms that hurt", async () => {
  const container = made.container(plugin);
  const program = idle(made.name(), {
    memory: 64,
    cpus: "1",
    platform: "linux/amd64",
    healthcheck: { tests: ["CMD", "redis-cli", "ping"], interval: "60s", timeout: "1500ms", retries: 2 },
  });
  await container.up(program);
  expect(container.state).toMatchObject({
    image: "redis:7.0",
    memory: 64,
    memorySwap: 128,
    cpus: "1.0",
    platform: "linux",
    healthcheck: { interval: "1m0s", timeout: "1.5s", startPeriod: "0s", retries: 2 },
  });
  expect((await container.preview(program)).detailed).toEqual({
    memorySwap: "DELETE",
    cpus: "UPDATE_REPLACE",
    platform: "UPDATE_REPLACE",
    "healthcheck.interval": "UPDATE_REPLACE",
    "healthcheck.timeout": "UPDATE_REPLACE",
  });
  const canonical = {
    ...idle(made.name(), { memory: 64, memorySwap: 64, cpus: "1.0" }),
    healthcheck: { tests: ["CMD", "redis-cli", "ping"], interval: "1m0s", timeout: "1.5s", retries: 2 },
  };
  const clean = made.container(plugin);
  await clean.up(canonical);
  await clean.refresh();
  expect(await clean.preview(canonical)).toMatchObject({ changes: false, detailed: {} });
});

test("5. a stopped container reads as mustRun=false without ports, a removed one as nothing", async () => {
  const ports = [{ internal: 6379, external: await freePort(), ip: "127.0.0.1" }];
  const [container, program] = [made.container(plugin), idle(made.name(), { ports })];
  await container.up(program);
  expect(container.state).toMatchObject({ mustRun: true, ports: [{ ...ports[0], protocol: "tcp" }] });
  await docker.getContainer(container.id).stop({ t: 0 });
  expect(await container.preview(program)).toMatchObject({ changes: false });
  expect(await container.refresh()).toBe(true);
  expect(container.state).toMatchObject({ mustRun: false, ports: [] });
  expect(await container.preview(program)).toMatchObject({ replaces: ["ports"], deleteBeforeReplace: true });
  expect((await container.preview(program, ["ports"])).detailed).toEqual({ mustRun: "UPDATE" });
  await docker.getContainer(container.id).remove();
  expect(await container.refresh()).toBe(false);
});

test("6. an update changes what can be changed in place, and mustRun starts", async () => {
  const container = made.container(plugin);
  const program = idle(made.name(), { memory: 64, memorySwap: 64, destroyGraceSeconds: 5 });
  await container.up(program);
  const inspect = (): ReturnType<ReturnType<typeof docker.getContainer>["inspect"]> =>
    docker.getContainer(container.id).inspect();
  const before = await inspect();
  const larger = { ...program, memory: 128, memorySwap: 128, restart: "unless-stopped", cpuShares: 512 };
  expect(await container.up(larger)).toBe("update");
  const after = await inspect();
  expect(after.HostConfig).toMatchObject({
    Memory: 128 * 1024 * 1024,
    MemorySwap: 128 * 1024 * 1024,
    CpuShares: 512,
    RestartPolicy: { Name: "unless-stopped" },
  });
  expect(after.State).toEqual(before.State);
  const noted = { ...larger, destroyGraceSeconds: 30, waitTimeout: 5, removeVolumes: false };
  expect(await container.up(noted)).toBe("update");
  expect(await inspect()).toEqual(after);
  expect(container.state).toMatchObject({ destroyGraceSeconds: 30, waitTimeout: 5, removeVolumes: false });

  await docker.getContainer(container.id).stop({ t: 0 });
  await container.refresh();
  expect(await container.up(noted)).toBe("update");
  expect((await inspect()).State.Running).toBe(true);
  expect(await container.up(noted)).toBe("same");
});

test("7. what fails after creation leaves the container, and the next update does nothing about it", async () => {
  const container = made.container(plugin);
  const healthcheck = { tests: ["CMD", "false"], interval: "1s", timeout: "1s", retries: 1 };
  const program = idle(made.name(), { healthcheck, wait: true, waitTimeout: 1 });
  await expect(container.up(program)).rejects.toThrow(InitError);
  expect(container.initErrors[0]).toContain("container failed to be in healthy state");
  expect(container.state).toMatchObject({ name: program["name"], wait: true });
  const before = await docker.getContainer(container.id).inspect();
  expect(before.State.Running).toBe(true);
  expect(await container.up(program)).toBe("update");
  expect(container.initErrors).toEqual([]);
  expect((await docker.getContainer(container.id).inspect()).State.StartedAt).toBe(before.State.StartedAt);

  const unconnected = made.container(plugin);
  await expect(
    unconnected.up(idle(made.name(), { networksAdvanced: [{ name: "nowhere" }] })),
  ).rejects.toThrow("network nowhere not found");
  expect((await docker.getContainer(unconnected.id).inspect()).State.Status).toBe("created");

  // Nothing was created where the name is somebody else's, so nothing is left behind.
  const second = made.container(plugin);
  await expect(second.up(program)).rejects.toThrow("Unable to create container");
  expect(second.id).toBe("");
});

test("8. deletion goes by the old state: a grace or none, and anonymous volumes only", async () => {
  const [marks, seen] = [made.name(), made.name()];
  const farewell = (name: string): Properties => ({
    name,
    image: "redis:7.0",
    command: [
      "sh",
      "-c",
      `trap 'sleep 3; echo ${name} >> /marks/log; exit' TERM; echo ready; while :; do sleep 0.1; done`,
    ],
    volumes: [{ volumeName: marks, containerPath: "/marks" }, { containerPath: "/anonymous" }],
    stopTimeout: 60,
  });
  const [abrupt, graceful] = [made.name(), made.name()];
  // Before its trap is set the first process of a container takes no notice of a TERM.
  const isReady = (id: string): Promise<void> =>
    expect
      .poll(async () => (await docker.getContainer(id).logs({ stdout: true })).toString(), {
        timeout: 60_000,
      })
      .toContain("ready");
  const killed = made.container(plugin);
  await killed.up(farewell(abrupt));
  const { Mounts } = await docker.getContainer(killed.id).inspect();
  const anonymous = Mounts.find(({ Destination }) => Destination === "/anonymous")?.Name ?? "";
  expect(await killed.up({ ...farewell(abrupt), destroyGraceSeconds: 60, user: "root" })).toBe("replace");
  await expect(docker.getVolume(anonymous).inspect()).rejects.toMatchObject({ statusCode: 404 });
  const stopped = made.container(plugin);
  await stopped.up({ ...farewell(graceful), destroyGraceSeconds: 60 });
  await Promise.all([isReady(stopped.id), isReady(killed.id)]);
  await stopped.destroy();
  await killed.destroy();
  await expect(docker.getContainer(stopped.id || graceful).inspect()).rejects.toMatchObject({
    statusCode: 404,
  });

  const reader = made.container(plugin);
  await reader.up({
    name: seen,
    image: "redis:7.0",
    command: ["cat", "/marks/log"],
    volumes: [{ volumeName: marks, containerPath: "/marks" }],
    attach: true,
    logs: true,
    mustRun: false,
  });
  // The first container had no grace in its old state, the one that replaced it had.
  expect(reader.state["containerLogs"]).toBe(`${graceful}\n${abrupt}\n`);
});

test("9. sets have no order, a command has, and taking out what Docker computes changes nothing", async () => {
  const container = made.container(plugin);
  const program = idle(made.name(), {
    envs: ["A=1", "B=2"],
    labels: [
      { label: "a", value: "1" },
      { label: "b", value: "2" },
    ],
    hosts: [
      { host: "one", ip: "10.0.0.1" },
      { host: "two", ip: "10.0.0.2" },
    ],
    entrypoints: ["/usr/bin/env"],
    hostname: "here",
    stopTimeout: 30,
  });
  await container.up(program);
  const reversed = Object.fromEntries(
    ["envs", "labels", "hosts"].map((name) => [name, [...(program[name] as string[])].reverse()]),
  );
  expect(await container.preview({ ...program, ...reversed })).toMatchObject({ changes: false });
  expect(
    (await container.preview({ ...program, command: ["redis-server", "no", "--appendonly"] })).replaces,
  ).toEqual(["command"]);
  const { name, image, hosts } = program;
  expect(await container.preview({ name: name!, image: image!, hosts: hosts! })).toMatchObject({
    changes: false,
  });
});

test("10. images are pulled only if absent; a volume is adopted, and deleted with its data", async () => {
  const registry = await smallRegistry();
  try {
    // Nothing in the image can run: it is enough that the daemon creates a container of it.
    const program = {
      name: made.name(),
      image: registry.image,
      command: ["none"],
      start: false,
      mustRun: false,
    };
    const container = made.container(plugin);
    await container.up(program);
    const pulls = registry.requests();
    expect(pulls).toBeGreaterThan(0);
    await container.destroy();
    await container.up(program);
    expect(registry.requests()).toBe(pulls);
    await container.destroy();
  } finally {
    await docker.getImage(registry.image).remove();
    await registry.close();
  }
  await expect(made.container(plugin).up(idle(made.name(), { image: registry.image }))).rejects.toThrow(
    `unable to find or pull image ${registry.image}`,
  );

  const name = made.name();
  await docker.createVolume({ Name: name, Labels: { owner: "somebody" } });
  const volume = made.volume(plugin);
  await volume.up({ name });
  expect(volume).toMatchObject({
    id: name,
    state: { driver: "local", labels: [{ label: "owner", value: "somebody" }] },
  });
  await volume.destroy();
  await expect(docker.getVolume(name).inspect()).rejects.toMatchObject({ statusCode: 404 });
});
