import { describe, expect, test } from "vitest";
import type { RedisBlueGreenArgs } from "../../components/arguments.ts";
import { known, register, type Program, type Registered } from "../support/registered.ts";

const BOTH: RedisBlueGreenArgs = {
  live: "blue",
  blue: { version: "7.0", replicas: 1 },
  green: { version: "8.0" },
};

function summary(resources: Registered[]): string[] {
  return resources.map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`);
}

/** Servers' resources by whether they are protected: containers and volumes alike. */
function protectedServers(program: Program): { held: string[]; free: string[] } {
  const servers = [...program.all("container:Container"), ...program.all("volume:Volume")].filter(
    ({ name }) => name !== "redis-proxy",
  );
  const names = (held: boolean): string[] =>
    servers.filter(({ options }) => options.protect === held).map(({ name }) => name);
  return { held: names(true), free: names(false) };
}

describe("the resources of a RedisBlueGreen", () => {
  test("have names that derive from the component's", async () => {
    const { registered } = await register(BOTH, "cache");
    expect(summary(registered)).toEqual(
      expect.arrayContaining([
        "RedisBlueGreen cache",
        "ChangeGuard cache",
        "Network cache",
        "RedisDeployment cache-blue",
        "RedisContainer cache-blue-0",
        "Volume cache-blue-0-data",
        "Container cache-blue-0",
        "Container cache-blue-1",
        "RedisDeployment cache-green",
        "Container cache-green-0",
        "Proxy cache-proxy",
        "Container cache-proxy",
        "TrafficSwitch cache",
        "ReplicationLink cache-blue-to-green",
      ]),
    );
    expect(registered.filter(({ name }) => name !== "cache" && !name.startsWith("cache-"))).toEqual([]);
  });

  test("have type tokens of their own where they are dynamic", async () => {
    const { registered } = await register(BOTH);
    const dynamic = registered.map(({ type }) => type).filter((type) => type.startsWith("pulumi-nodejs:"));
    expect(dynamic).toEqual(
      expect.arrayContaining([
        "pulumi-nodejs:dynamic/redis:ChangeGuard",
        "pulumi-nodejs:dynamic/redis:TrafficSwitch",
        "pulumi-nodejs:dynamic/redis:ReplicationLink",
      ]),
    );
    expect(dynamic).not.toContain("pulumi-nodejs:dynamic:Resource");
  });

  test("are made in an order in which a refused change stops everything", async () => {
    const { find } = await register(BOTH);
    for (const [type, name] of [
      ["Network", "redis"],
      ["RedisDeployment", "redis-blue"],
      ["RedisDeployment", "redis-green"],
      ["Proxy", "redis-proxy"],
    ] as const) {
      expect(find(type, name).dependsOn, name).toEqual(["redis ChangeGuard"]);
    }
    expect(find("RedisContainer", "redis-blue-1").dependsOn).toEqual(["redis-blue-0 RedisContainer"]);
    expect(find("TrafficSwitch", "redis").dependsOn).toEqual([
      "redis-blue RedisDeployment",
      "redis-green RedisDeployment",
      "redis-proxy Proxy",
    ]);
    expect(find("ReplicationLink", "redis-blue-to-green").dependsOn).toEqual(["redis TrafficSwitch"]);
  });

  test("are protected where they hold the live colour's data; replicas may come and go", async () => {
    const replicas = ["redis-blue-1", "redis-blue-1-data"];
    const blue = protectedServers(await register(BOTH));
    expect(blue.held).toEqual(["redis-blue-0", "redis-blue-0-data"]);
    expect(blue.free.sort()).toEqual([...replicas, "redis-green-0", "redis-green-0-data"].sort());
    const green = protectedServers(await register({ ...BOTH, live: "green" }));
    expect(green.held).toEqual(["redis-green-0", "redis-green-0-data"]);
    expect(green.free.sort()).toEqual([...replicas, ...blue.held].sort());
  });

  test("are free to be destroyed once the user said so", async () => {
    const program = await register({ ...BOTH, guardrails: { allowDestroy: true } });
    expect(protectedServers(program).held).toEqual([]);
    expect(program.find("TrafficSwitch", "redis").options.protect).toBe(false);
  });

  test("differ from one direction to the other by the link alone", async () => {
    const links = async (args: RedisBlueGreenArgs): Promise<string[]> =>
      summary((await register(args)).all("ReplicationLink"));
    expect(await links(BOTH)).toEqual(["ReplicationLink redis-blue-to-green"]);
    expect(await links({ ...BOTH, live: "green" })).toEqual(["ReplicationLink redis-green-to-blue"]);
    expect(await links({ live: "blue", blue: { version: "7.0" } })).toEqual([]);
    const others = async (live: "blue" | "green"): Promise<string[]> =>
      summary((await register({ ...BOTH, live })).registered).filter(
        (name) => !name.startsWith("ReplicationLink"),
      );
    expect(await others("green")).toEqual(await others("blue"));
  });

  test("tell the link and the switch where the servers are, seen from both sides", async () => {
    const { find } = await register(BOTH);
    const blue = {
      colour: "blue",
      product: "redis",
      version: "7.0",
      external: false,
      primary: {
        operator: { host: "127.0.0.1", port: 16_379 },
        peer: { host: "redis-dev-blue-0", port: 6379 },
      },
      replicas: [
        { operator: { host: "127.0.0.1", port: 16_380 }, peer: { host: "redis-dev-blue-1", port: 6379 } },
      ],
    };
    expect(find("ReplicationLink", "redis-blue-to-green").inputs).toMatchObject({ live: blue });
    expect(find("TrafficSwitch", "redis").inputs).toMatchObject({
      live: "blue",
      blue,
      endpoint: { host: "127.0.0.1", port: 6379 },
      runtime: { host: "127.0.0.1", port: 16_378 },
    });
  });

  test("don't include an existing server: no container, no volume, no protection", async () => {
    const program = await register({
      live: "blue",
      blue: { address: "redis://admin@10.0.0.5:6379", password: "existing password" },
      green: { version: "8.0" },
    });
    expect(summary(program.all("container:Container"))).toEqual([
      "Container redis-green-0",
      "Container redis-proxy",
    ]);
    expect(summary(program.all("RedisDeployment"))).toEqual(["RedisDeployment redis-green"]);
    expect(program.find("TrafficSwitch", "redis").inputs["blue"]).toMatchObject({
      external: true,
      primary: { operator: { host: "10.0.0.5", port: 6379 }, peer: { host: "10.0.0.5", port: 6379 } },
    });
  });

  test("are published for an existing server that follows, on the address that it was told", async () => {
    const blue = {
      address: "redis://10.0.0.5:6379",
      password: "existing password",
      advertiseHost: "10.0.0.1",
    };
    const password = "long enough for others";
    const auth = { applicationPassword: password, operatorPassword: password, replicationPassword: password };
    const program = await register({ live: "blue", blue, green: { version: "8.0", replicas: 1 }, auth });
    const ports = program.all("container:Container").map(({ inputs }) => inputs["ports"]);
    expect(ports.slice(0, 2)).toEqual([
      [
        { internal: 6379, external: 16_479, ip: "127.0.0.1" },
        { internal: 6379, external: 16_479, ip: "10.0.0.1" },
      ],
      [{ internal: 6379, external: 16_480, ip: "127.0.0.1" }],
    ]);
    const target = program.find("TrafficSwitch", "redis").inputs["blue"];
    expect(target).toMatchObject({ reachesOthersAt: "10.0.0.1" });
    await expect(register({ live: "blue", blue, green: { version: "8.0" } })).rejects.toThrow(
      /auth\.operatorPassword is missing, .*blue\.advertiseHost \(10\.0\.0\.1\) is not on loopback: .*or remove redis-bluegreen:blue\.advertiseHost/,
    );
  });
});

describe("the outputs of a RedisBlueGreen", () => {
  test("name the endpoints", async () => {
    const { component } = await register({ ...BOTH, endpoint: { writePort: 7000 } });
    expect(await known(component.writeEndpoint)).toBe("127.0.0.1:7000");
    expect(await known(component.readEndpoint)).toBe("127.0.0.1:7001");
  });
});

describe("wrong arguments", () => {
  test("are refused all at once, before anything is registered", async () => {
    const wrong = { live: "green", blue: { version: "7.0", replicas: 9 } } as const;
    await expect(register(wrong)).rejects.toThrow(
      /redis-bluegreen:blue\.replicas[\s\S]*redis-bluegreen:live|redis-bluegreen:live[\s\S]*redis-bluegreen:blue\.replicas/,
    );
  });
});
