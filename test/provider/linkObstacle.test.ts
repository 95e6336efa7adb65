import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkObstacle, type LinkEnd } from "../../components/engine/linkObstacle.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { OPERATOR_USER } from "../../components/engine/users.ts";
import { startServer, type TestServer } from "../support/testServer.ts";

describe("what stands between an existing server and the colour that it is to follow", () => {
  let server: TestServer;
  let primary: RedisServer;
  let green: LinkEnd;

  beforeAll(async () => {
    server = await startServer("redis:7.0");
    const address = server.admin.address;
    // Every connection of the operator says who it is, whatever user it logs in as.
    primary = await RedisServer.connect(address, { username: "default" });
    green = {
      primary,
      target: {
        colour: "green",
        product: "redis",
        primary: { operator: address, peer: { host: "redis-dev-green-0", port: 6379 } },
        replicas: [],
        external: false,
      },
    };
  });

  afterAll(async () => {
    primary.close();
    await server.stop();
  });

  function existing(advertiseHost?: string): LinkEnd {
    const target = { ...green.target, colour: "blue" as const, external: true };
    return {
      primary,
      target: advertiseHost === undefined ? target : { ...target, reachesOthersAt: advertiseHost },
    };
  }

  test("nothing between deployments", async () => {
    expect(
      await linkObstacle({ target: { ...green.target, colour: "blue" } }, green, "config:"),
    ).toBeUndefined();
  });

  test("nobody said how it gets here", async () => {
    expect(await linkObstacle(existing(), green, "config:")).toBe(
      "blue is an existing server and config:blue.advertiseHost does not say how it reaches green",
    );
  });

  test("its loopback is not this machine's, as in a container", async () => {
    const gateway = /addr=([\d.]+):\d+ .*name=redis-bluegreen-operator/.exec(
      String(await server.admin.call("CLIENT", "LIST")),
    )?.[1];
    expect(OPERATOR_USER).toBe("redis-bluegreen-operator");
    expect(await linkObstacle(existing("127.0.0.1"), green, "config:")).toBe(
      `blue sees this machine as ${gateway ?? "?"}, so that 127.0.0.1 (config:blue.advertiseHost) leads it to itself and not to green: set config:blue.advertiseHost to this machine's address as blue reaches it`,
    );
  });

  test("the other colour does not listen there", async () => {
    // Nothing is published on this loopback address.
    const { port } = green.target.primary.operator;
    const unheard = { ...green, target: { ...green.target } };
    unheard.target.primary = { ...unheard.target.primary, operator: { host: "127.0.0.1", port: 9 } };
    expect(await linkObstacle(existing("0.0.0.0"), unheard, "config:")).toContain(
      "green does not listen at 0.0.0.0:9",
    );
    expect(await linkObstacle(existing("0.0.0.0"), green, "config:"), String(port)).toBeUndefined();
  });

  test("it can't be told before the other colour is there", async () => {
    expect(await linkObstacle(existing("10.255.255.1"), { target: green.target }, "config:")).toBeUndefined();
  });
});
