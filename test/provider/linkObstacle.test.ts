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

  /** This machine's address as the server sees it. */
  async function thisMachine(): Promise<string> {
    const clients = String(await server.admin.call("CLIENT", "LIST"));
    return /addr=([\d.]+):\d+ .*name=redis-bluegreen-operator/.exec(clients)?.[1] ?? "?";
  }

  /** Its sentence, marked where it only looks so. */
  async function obstacle(follower: LinkEnd, leader: LinkEnd): Promise<string | undefined> {
    const found = await linkObstacle(follower, leader, "config:");
    return found && (found.certain ? found.reason : `perhaps ${found.reason}`);
  }

  test("nothing between deployments", async () => {
    expect(await obstacle({ target: { ...green.target, colour: "blue" } }, green)).toBeUndefined();
  });

  test("nobody said how it gets here", async () => {
    expect(await obstacle(existing(), green)).toBe(
      "blue is an existing server and config:blue.advertiseHost does not say how it reaches green: set it to an address of this machine as blue reaches it",
    );
  });

  test("its loopback is not this machine's, as in a container", async () => {
    const gateway = await thisMachine();
    expect(OPERATOR_USER).toBe("redis-bluegreen-operator");
    expect(await obstacle(existing("127.0.0.1"), green)).toBe(
      `blue sees this machine as ${gateway}, so that 127.0.0.1 (config:blue.advertiseHost) leads it to itself and not to green: set config:blue.advertiseHost to this machine's address as blue reaches it`,
    );
  });

  test("the other colour does not listen there", async () => {
    // Nothing is published on this loopback address.
    const { port } = green.target.primary.operator;
    const unheard = { ...green, target: { ...green.target } };
    unheard.target.primary = { ...unheard.target.primary, operator: { host: "127.0.0.1", port: 9 } };
    const gateway = await thisMachine();
    expect(await obstacle(existing(gateway), unheard)).toBe(
      `green does not listen at ${gateway}:9 (config:blue.advertiseHost): its ports were published when it was created; retire it and add it again, with config:blue.advertiseHost an IP address of this machine and reseed: true for green`,
    );
    expect(await obstacle(existing("0.0.0.0"), green), String(port)).toBeUndefined();
  });

  test("a name that only the server knows can't be tried from here", async () => {
    expect(await obstacle(existing("known-to-the-server-only.invalid"), green)).toMatch(
      /^perhaps green does not listen at known-to-the-server-only\.invalid:/,
    );
  });

  test("it can't be told before the other colour is there", async () => {
    expect(await obstacle(existing("10.255.255.1"), { target: green.target })).toBeUndefined();
  });
});
