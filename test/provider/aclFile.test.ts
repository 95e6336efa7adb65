import { GenericContainer, Wait, type StartedTestContainer } from "testcontainers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCommands, persistClosed, readGate } from "../../components/engine/gate.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";

const USERS = "user default on nopass ~* &* +@all\nuser clerk on nopass ~* -@all +get\n";

let container: StartedTestContainer;
let server: RedisServer;

beforeAll(async () => {
  container = await new GenericContainer("redis:7.0")
    .withEntrypoint(["sh"])
    .withCommand([
      "-c",
      "cd /tmp && printf 'aclfile /tmp/users.acl\nprotected-mode no\n' > redis.conf && exec redis-server redis.conf",
    ])
    .withCopyContentToContainer([{ content: USERS, target: "/tmp/users.acl", mode: 0o666 }])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  const address = { host: "127.0.0.1", port: container.getMappedPort(6379) };
  server = await RedisServer.connect(address, { username: "default" });
});

afterAll(async () => {
  server.close();
  await container.stop({ timeout: 0 });
});

test("users that stand in a file of their own last as well: the proxy still gets in after a restart", async () => {
  await server.transaction(...openCommands(await readGate(server)));
  expect(await server.configRewrite()).toBe(true);
  const { output } = await container.exec(["cat", "/tmp/users.acl"]);
  expect(output).toMatch(/^user redis-bluegreen-proxy on nopass .*\+ping/m);
  expect(output).toMatch(/^user clerk on nopass .*\+get/m);
});

test("a server that is closed for good stays so after a restart", async () => {
  expect(await persistClosed(server, await readGate(server), { replid: "abc", offset: 7 })).toBe(true);
  const { output } = await container.exec(["cat", "/tmp/users.acl"]);
  expect(output).toMatch(/^user redis-bluegreen-proxy off .*handed-over:abc:7/m);
});
