import { afterEach, expect, test } from "vitest";
import { sizeBacklog } from "../../components/engine/cutover/backlog.ts";
import { wantedBacklog } from "../../components/engine/backlogSize.ts";
import { infoNumber } from "../../components/engine/infoReply.ts";
import { bearServer, followUntilUp, openToClients, type BornServer } from "../support/bornServer.ts";

const MIB = 1024 * 1024;

let servers: BornServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

test.each(["6.0", "8.0"])(
  "a backlog for a high write rate leaves a new colour of Redis %s most of its memory",
  async (version) => {
    const blue = await bearServer("blue", { product: "redis", version: "6.0" });
    const green = await bearServer(
      "green",
      { product: "redis", version },
      { redis: { maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" } },
    );
    servers = [blue, green];
    await openToClients(blue);
    await followUntilUp(green, blue);
    const value = "x".repeat(10_000);
    const sized = new AbortController();
    const write = async (): Promise<void> => {
      for (let i = 0; !sized.signal.aborted; i++) await blue.admin.call("SET", `key:${i % 100}`, value);
    };
    const writers = Promise.all(Array.from({ length: 8 }, write));
    const size = await sizeBacklog(blue.admin, green.admin, 512 * MIB);
    sized.abort();
    await writers;
    expect(wantedBacklog(size.bytesPerSecond), "a rate that asks for more").toBeGreaterThan(25 * MIB);
    const configured = Number((await green.admin.configGet("repl-backlog-size")).get("repl-backlog-size"));
    expect(configured).toBe(size.sizeBytes);
    expect(configured).toBeGreaterThanOrEqual(16 * MIB);
    expect(configured).toBeLessThanOrEqual(25 * MIB);
    expect(size.onlySeconds).toBe(Math.floor(configured / size.bytesPerSecond));
    const again = await sizeBacklog(blue.admin, green.admin, 512 * MIB);
    expect(again.sizeBytes, "it does not grow from cutover to cutover").toBe(configured);
    const memory = await green.admin.info("memory");
    expect(infoNumber(memory, "used_memory")).toBeLessThan(infoNumber(memory, "maxmemory") / 2);
  },
);
