import { GenericContainer, Wait } from "testcontainers";
import { describe, expect, test } from "vitest";
import type { Deployment } from "../../components/engine/deployment.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { proveConfigWritable } from "../../components/engine/writableConfig.ts";

describe("an existing server's configuration file", () => {
  /** Uses a server that runs as a user without rights to the folder of its file. */
  async function withServer(command: string[], use: (end: Deployment) => Promise<void>): Promise<void> {
    const container = await new GenericContainer("redis:7.0")
      .withUser("nobody")
      .withCopyContentToContainer([
        { content: "protected-mode no\nsave ''\ndir /tmp\n", target: "/etc/redis-of-test.conf" },
      ])
      .withEntrypoint(command)
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
    const address = { host: "127.0.0.1", port: container.getMappedPort(6379) };
    const primary = await RedisServer.connect(address, { username: "default" });
    const ends = { operator: address, peer: address };
    const target = { colour: "blue", product: "redis", primary: ends, replicas: [], external: true } as const;
    try {
      await use({ colour: "blue", target: { ...target, replicas: [] }, primary });
    } finally {
      primary.close();
      await container.stop({ timeout: 0 });
    }
  }

  test("that it can't write stops an update before anything is moved", async () => {
    await withServer(["redis-server", "/etc/redis-of-test.conf"], async (end) => {
      await expect(proveConfigWritable(end, "config:")).rejects.toThrow(
        /^config:blue: blue can't write its configuration \(127\.0\.0\.1:\d+: CONFIG: ERR Rewriting config file: Permission denied\), so that .* write \/etc\/redis-of-test\.conf, its folder/,
      );
      const own = { ...end, target: { ...end.target, external: false } };
      await expect(proveConfigWritable(own, "config:")).resolves.toBeUndefined();
    });
  });

  test("that isn't there is left to the warning of the checks", async () => {
    await withServer(["redis-server", "--protected-mode", "no"], async (end) => {
      await expect(proveConfigWritable(end, "config:")).resolves.toBeUndefined();
    });
  });
});
