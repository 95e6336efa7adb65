import { beforeAll, describe, expect, test } from "vitest";
import { register, type Program, type Registered } from "../support/registered.ts";

const CONTAINER = "container:Container";
const VOLUME = "volume:Volume";

/** The rules that keep the Docker provider from stopping, replacing or emptying a server, one by one. */
describe("what the Docker provider is told", () => {
  let program: Program;
  let containers: Registered[];
  let databases: Registered[];

  beforeAll(async () => {
    program = await register({
      live: "blue",
      blue: { version: "7.0", replicas: 2, memory: 256 },
      green: { version: "8.0", image: "redis:8.0.2", persistence: "aof", operatorPort: 20_000 },
    });
    containers = program.all(CONTAINER);
    databases = containers.filter(({ name }) => name !== "redis-proxy");
  });

  test("each server is a container with a name of its own, and so is the proxy", () => {
    expect(containers.map(({ inputs }) => inputs["name"])).toEqual([
      "redis-dev-blue-0",
      "redis-dev-blue-1",
      "redis-dev-blue-2",
      "redis-dev-green-0",
      "redis-dev-proxy",
    ]);
  });

  test("a deletion waits for a clean stop, from the first deployment on", () => {
    for (const { inputs } of databases) expect(inputs["destroyGraceSeconds"]).toBe(120);
    expect(program.find(CONTAINER, "redis-proxy").inputs["destroyGraceSeconds"]).toBe(1);
  });

  test("the image is text, never the id of what a tag names today, and no image is a resource", () => {
    expect(containers.map(({ inputs }) => inputs["image"])).toEqual([
      "redis:7.0",
      "redis:7.0",
      "redis:7.0",
      "redis:8.0.2",
      "haproxy:3.0",
    ]);
    expect(program.all("RemoteImage")).toEqual([]);
  });

  test("memory and swap have one limit, so that the daemon doubles nothing", () => {
    const limits = databases.map(({ inputs: { memory, memorySwap } }) => ({ memory, memorySwap }));
    expect(limits).toEqual([256, 256, 256, 512].map((limit) => ({ memory: limit, memorySwap: limit })));
  });

  test("durations are written as Go prints them", () => {
    for (const { inputs } of databases) {
      const { interval, timeout, startPeriod } = inputs["healthcheck"] as Record<string, string>;
      expect([interval, timeout, startPeriod]).toEqual(["2s", "2s", "1m0s"]);
    }
  });

  test("what can't be read back as it was written is not set", () => {
    const unset = ["platform", "mounts", "logDriver", "logOpts", "ulimits", "cpus", "networkMode", "labels"];
    for (const { name, inputs } of containers) {
      expect(
        unset.filter((property) => property in inputs),
        name,
      ).toEqual([]);
    }
  });

  test("data is on a named volume that no deletion of a resource removes", () => {
    const volumes = program.all(VOLUME);
    expect(volumes.map(({ inputs }) => inputs["name"])).toEqual([
      "redis-dev-blue-0-redis-7.0",
      "redis-dev-blue-1-redis-7.0",
      "redis-dev-blue-2-redis-7.0",
      "redis-dev-green-0-redis-8.0",
    ]);
    for (const { options, inputs } of volumes) {
      expect(options.retainOnDelete).toBe(true);
      expect(Object.keys(inputs)).toEqual(["name"]);
    }
    for (const [i, { inputs }] of databases.entries()) {
      const name = volumes[i]?.inputs["name"];
      expect(inputs["volumes"]).toEqual([{ volumeName: name, containerPath: "/data" }]);
    }
  });

  test("ports are explicit, one binding each, on loopback", () => {
    expect(databases.map(({ inputs }) => inputs["ports"])).toEqual(
      [16_379, 16_380, 16_381, 20_000].map((external) => [{ internal: 6379, external, ip: "127.0.0.1" }]),
    );
    expect(program.find(CONTAINER, "redis-proxy").inputs["ports"]).toEqual([
      { internal: 6379, external: 6379, ip: "127.0.0.1" },
      { internal: 6380, external: 6380, ip: "127.0.0.1" },
      { internal: 9999, external: 16_378, ip: "127.0.0.1" },
    ]);
  });

  test("a stopped server, which is read back without ports, is not replaced", () => {
    for (const { options } of databases) expect(options.ignoreChanges).toContain("ports");
  });

  test("another port of the endpoint or the bridge reaches its container, which holds nothing", () => {
    const others = containers.filter((container) => !databases.includes(container));
    expect(others.length).toBeGreaterThan(0);
    for (const { options } of others) expect(options.ignoreChanges ?? []).not.toContain("ports");
  });

  test("no server is replaced for its first configuration or for what a newer release writes otherwise", () => {
    for (const { options } of databases) {
      expect(options.ignoreChanges).toEqual(
        expect.arrayContaining(["uploads", "entrypoints", "healthcheck", "hosts", "networksAdvanced"]),
      );
    }
  });

  test("no change that matters is ignored: the image, the command's limits and the volumes", () => {
    const followed = ["image", "memory", "memorySwap", "volumes", "name", "restart", "destroyGraceSeconds"];
    for (const { options } of containers) {
      expect(followed.filter((property) => options.ignoreChanges?.includes(property))).toEqual([]);
    }
  });

  test("only the proxy, which holds nothing, is replaced after it failed to start", () => {
    for (const { options } of databases) {
      expect(options.replaceOnChanges).toBeUndefined();
      expect(options.deleteBeforeReplace).toBeUndefined();
    }
    expect(program.find(CONTAINER, "redis-proxy").options).toMatchObject({
      replaceOnChanges: ["#initerror"],
      deleteBeforeReplace: true,
    });
  });

  test("an update waits until a server is healthy, and starts one that was stopped", () => {
    for (const { inputs } of databases) expect(inputs).toMatchObject({ mustRun: true, wait: true });
    for (const { inputs } of containers) expect(inputs["restart"]).toBe("unless-stopped");
  });

  test("the network is no subnet of our choosing, and every container is on it alone", () => {
    const networks = program.all("network:Network");
    expect(networks.map(({ inputs }) => inputs)).toEqual([{ name: "redis-dev" }]);
    for (const { inputs } of containers) {
      expect((inputs["networksAdvanced"] as { name: string }[]).map(({ name }) => name)).toEqual([
        "redis-dev",
      ]);
    }
  });

  test("replicas are found by one name, the primary by its own", () => {
    const aliases = databases.map(
      ({ inputs }) => (inputs["networksAdvanced"] as { aliases: string[] }[])[0]?.aliases,
    );
    expect(aliases).toEqual([[], ["redis-dev-blue-replicas"], ["redis-dev-blue-replicas"], []]);
  });
});
