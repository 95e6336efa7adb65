import { afterAll, beforeAll, expect, test } from "vitest";
import { changesOf, readSeededKeys } from "../../scripts/chaos/seededKeys.ts";
import { bearServer, CREDENTIALS, openToClients, type BornServer } from "../support/bornServer.ts";
import { openClient } from "../support/workload/endpoint.ts";
import { seedDataset } from "../support/workload/seed.ts";

const KEYS = 300;

let server: BornServer;

beforeAll(async () => {
  server = await bearServer("blue", { product: "redis", version: "8.0" });
  await openToClients(server);
});

afterAll(() => server.stop());

test("a change of any seeded key is seen, whatever its type", async () => {
  const endpoint = { ...server.target.primary.operator, ...CREDENTIALS.application };
  const client = openClient(endpoint);
  try {
    const { byType } = await seedDataset(endpoint, { keys: KEYS });
    expect(Math.min(...Object.values(byType))).toBeGreaterThan(0);
    const before = await readSeededKeys(client, KEYS);
    expect(before.size).toBe(KEYS);
    expect(changesOf(before, await readSeededKeys(client, KEYS))).toEqual([]);
    const some = new Map([...before].map(([key, { content }]) => [content.split('"')[1], key]));
    const change: Record<string, (key: string) => Promise<unknown>> = {
      string: (key) => client.append(key, "x"),
      list: (key) => client.rpop(key),
      hash: (key) => client.hset(key, "field0", "another"),
      set: (key) => client.sadd(key, "another"),
      zset: (key) => client.zincrby(key, 1, "member0"),
      stream: (key) =>
        client.xgroup("DESTROY", key, "readers").then(() => client.xgroup("CREATE", key, "readers", "0")),
    };
    for (const [type, alter] of Object.entries(change)) await alter(some.get(type)!);
    const expiring = [...before].find(
      ([key, { expiresAt }]) => expiresAt !== undefined && ![...some.values()].includes(key),
    );
    await client.persist(expiring![0]);
    const changed = changesOf(before, await readSeededKeys(client, KEYS)).map((text) => text.split(" ")[0]);
    expect(changed.toSorted()).toEqual([...some.values(), expiring![0]].toSorted());
  } finally {
    client.disconnect();
  }
});
