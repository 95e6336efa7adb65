import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DatasetPair } from "../../components/engine/verification/datasetPair.ts";
import { compareDatasets } from "../../components/engine/verification/compareDatasets.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { BINARY_KEY, seedEveryType, SEEDED } from "../support/everyType.ts";
import { follow, inSync, startServer, type TestServer } from "../support/testServer.ts";

type Command = (string | number | Buffer)[];

/** Done on the other side only; what must be told of it. */
const DIFFERENCES: { key: string; commands: Command[]; reason: RegExp }[] = [
  { key: "string", commands: [["DEL", "string"]], reason: /missing on green/ },
  { key: "extra", commands: [["SET", "extra", ""]], reason: /missing on blue/ },
  { key: "number", commands: [["INCR", "number"]], reason: /string with different content/ },
  { key: "long", commands: [["SETRANGE", "long", 150_000, "y"]], reason: /string with different content/ },
  {
    key: "empty",
    commands: [
      ["DEL", "empty"],
      ["SADD", "empty", "a"],
    ],
    reason: /string on blue, set on green/,
  },
  {
    key: "expiring",
    commands: [["PERSIST", "expiring"]],
    reason: /expires at 2100.* on blue, never expires on green/,
  },
  {
    key: "bits",
    commands: [["PEXPIREAT", "bits", Date.UTC(2100, 0, 1, 0, 1)]],
    reason: /expires at .*expires at/,
  },
  { key: "list", commands: [["LSET", "list", 1, "c"]], reason: /list with different content/ },
  { key: "long list", commands: [["LSET", "long list", 2_400, "c"]], reason: /list/ },
  {
    key: "set",
    commands: [
      ["SREM", "set", "a"],
      ["SADD", "set", "c"],
    ],
    reason: /set with different content/,
  },
  { key: "long set", commands: [["SREM", "long set", "member 2000"]], reason: /set with different content/ },
  { key: "hash", commands: [["HSET", "hash", "a", "2", "b", "1"]], reason: /hash with different content/ },
  { key: "long hash", commands: [["HSET", "long hash", "field 2000", "x"]], reason: /hash/ },
  { key: "zset", commands: [["ZADD", "zset", 0.2, "a"]], reason: /zset with different content/ },
  { key: "long zset", commands: [["ZADD", "long zset", 9, "member 2000"]], reason: /zset/ },
  {
    key: "stream",
    commands: [["XACK", "stream", "workers", "1-1"]],
    reason: /stream with different content/,
  },
  { key: "lone stream", commands: [["XGROUP", "CREATE", "lone stream", "new", "0"]], reason: /stream/ },
  { key: "\\xff\\x00\\x0a \\x80", commands: [["APPEND", BINARY_KEY, "x"]], reason: /string/ },
];

/** Differences inside a stream that nothing but the groups show. */
const STREAM_DIFFERENCES: [name: string, ...Command][] = [
  ["the last ID", "XSETID", "stream", "9-9"],
  ["an entry", "XDEL", "stream", "1-4"],
  ["a group's position", "XGROUP", "SETID", "stream", "idle", "1-4"],
  ["a group", "XGROUP", "DESTROY", "stream", "idle"],
  ["a pending entry", "XACK", "stream", "workers", "1-3"],
  ["a pending entry's owner", "XCLAIM", "stream", "workers", "bob", 0, "1-3"],
];

const NAMES = ["blue", "green"] as const;
/** Keys that are written to all the time take long to be decided on a busy machine. */
const ALL = { keys: "all", names: NAMES, settleTimeoutMs: 90_000 } as const;

describe.each([
  ["redis:6.0", "redis:7.0"],
  ["redis:7.0", "redis:8.0"],
])("%s followed by %s", (older, newer) => {
  let blue: TestServer;
  let green: TestServer;
  const inDatabase = async (server: TestServer, database: number, commands: Command[]): Promise<void> => {
    await server.admin.call("SELECT", database);
    for (const [name, ...args] of commands) await server.admin.call(String(name), ...args);
    await server.admin.call("SELECT", 0);
  };

  beforeAll(async () => {
    [blue, green] = await Promise.all([startServer(older), startServer(newer, "replica-read-only no")]);
    await seedEveryType(blue.admin);
    await blue.admin.call("SELECT", 3);
    await seedEveryType(blue.admin);
    await blue.admin.call("SELECT", 0);
    await follow(green, blue);
  });
  afterAll(async () => {
    await Promise.all([blue.stop(), green.stop()]);
  });

  it("finds every type equal, in both directions and all databases", async () => {
    const equal = { keysCompared: 2 * SEEDED.keys, keysDifferent: 0, keysUndecided: 0, samples: [] };
    expect(await compareDatasets(blue.operator, green.operator, ALL)).toEqual(equal);
    expect(await compareDatasets(green.operator, blue.operator, ALL)).toEqual(equal);
    expect(await compareDatasets(blue.operator, green.operator, { keys: 1_000 })).toEqual(equal);
    const some = await compareDatasets(blue.operator, green.operator, { keys: 10 });
    expect(some.keysDifferent).toBe(0);
    expect(some.keysCompared).toBeGreaterThan(0);
  });

  it("says how far it is", async () => {
    const seen: number[] = [];
    await compareDatasets(blue.operator, green.operator, {
      keys: "all",
      onProgress: ({ keysCompared, keysTotal }) => {
        expect(keysTotal).toBe(2 * SEEDED.keys);
        seen.push(keysCompared);
      },
    });
    expect(seen.at(-1)).toBe(2 * SEEDED.keys);
  });

  it("finds nothing where the master is written to all the time, and still finds what differs", async () => {
    await inDatabase(green, 0, [["SET", "string", "tampered"]]);
    const writer = startWriter(blue);
    try {
      for (let i = 0; i < 3; i++) {
        const writes = writer.writes;
        const result = await compareDatasets(blue.operator, green.operator, ALL);
        expect(result.samples).toEqual([
          { database: 0, key: "string", reason: "string with different content" },
        ]);
        expect(result).toMatchObject({ keysDifferent: 1, keysUndecided: 0 });
        expect(writer.writes).toBeGreaterThan(writes);
      }
    } finally {
      await writer.stop();
    }
    await inDatabase(green, 0, [["SET", "string", "value"]]);
    await inSync(green, blue);
    expect(await compareDatasets(blue.operator, green.operator, ALL)).toMatchObject({ keysDifferent: 0 });
  });

  it("finds no difference in values that come back all the time", async () => {
    const state = { stopping: false };
    const loop = async (first: Command, second: Command): Promise<void> => {
      const connection = await RedisServer.connect(blue.admin.address, { username: "default" });
      while (!state.stopping) {
        for (const [name, ...args] of [first, second]) await connection.call(String(name), ...args);
      }
      connection.close();
    };
    const loops = [
      ...[1, 2, 3, 4].map(() => loop(["INCR", "gauge"], ["DECR", "gauge"])),
      ...[1, 2].map((i) => loop(["SET", `lock ${i}`, 1], ["DEL", `lock ${i}`])),
    ];
    try {
      for (let i = 0; i < 50; i++) {
        expect(await compareDatasets(blue.operator, green.operator, ALL)).toMatchObject({ keysDifferent: 0 });
      }
    } finally {
      state.stopping = true;
      await Promise.all(loops);
    }
    await blue.admin.call("DEL", "gauge", "lock 1", "lock 2");
    await inSync(green, blue);
  });

  it("takes no look at a counter that is one ahead for equal, however often it changes", async () => {
    await inDatabase(blue, 0, [["SET", "hot", 0]]);
    await inSync(green, blue);
    await inDatabase(green, 0, [["INCR", "hot"]]);
    const end = new AbortController();
    const counting = (async () => {
      while (!end.signal.aborted) {
        await blue.admin.call("INCR", "hot");
        await delay(1);
      }
    })();
    const pair = await DatasetPair.open(blue.operator, green.operator);
    try {
      const seen = new Set<string>();
      for (let i = 0; i < 500; i++) {
        for (const verdict of await pair.settle(0, [Buffer.from("hot")])) seen.add(verdict.is);
      }
      expect([...seen].sort()).toEqual(["different", "undecided"]);
    } finally {
      pair.close();
      end.abort();
      await counting;
      await blue.admin.call("DEL", "hot");
      await inSync(green, blue);
    }
  });

  it.each(STREAM_DIFFERENCES)("sees %s of a stream", async (_name, ...command) => {
    await inDatabase(green, 3, [command]);
    const found = await compareDatasets(blue.operator, green.operator, ALL);
    expect(found.samples).toEqual([{ database: 3, key: "stream", reason: "stream with different content" }]);
    const copy = (await blue.admin.transaction(["SELECT", 3], ["XRANGE", "stream", "-", "+"]))[1];
    expect(copy).toHaveLength(6);
    await blue.admin.call("SELECT", 0);
    await green.admin.call("REPLICAOF", "NO", "ONE");
    await follow(green, blue);
  });

  it("finds every seeded difference, and no other", async () => {
    await green.admin.call("REPLICAOF", "NO", "ONE");
    for (const { commands } of DIFFERENCES) await inDatabase(green, 3, commands);
    const { keysDifferent, samples } = await compareDatasets(blue.operator, green.operator, ALL);
    expect(samples.map(({ key }) => key).sort()).toEqual(DIFFERENCES.map(({ key }) => key).sort());
    for (const { key, reason } of DIFFERENCES) {
      const sample = samples.find((one) => one.key === key);
      expect(sample).toMatchObject({ database: 3 });
      expect(sample?.reason).toMatch(reason);
    }
    expect(keysDifferent).toBe(DIFFERENCES.length);
  });
});

describe("the expiry of a hash's field", () => {
  const commands: Command[] = [
    ["HSET", "hash", "a", 1, "b", 2],
    ["HSET", "long hash", ...Array.from({ length: 2_000 }, (_, i) => [`field ${i}`, i]).flat()],
    ["SADD", "set", "a"],
  ];
  const expiry: Command[] = ["hash", "long hash"].map((key) => [
    "HPEXPIREAT",
    key,
    Date.UTC(2100, 0, 1),
    "FIELDS",
    1,
    key === "hash" ? "a" : "field 1999",
  ]);
  const run = async (server: TestServer, list: Command[]): Promise<void> => {
    for (const [name, ...args] of list) await server.admin.call(String(name), ...args);
  };

  it("is compared between servers that know it, and missed on one that doesn't", async () => {
    const images = ["redis:8.0", "redis:8.0", "redis:7.0"];
    const [blue, green, old] = await Promise.all(images.map((image) => startServer(image)));
    if (blue === undefined || green === undefined || old === undefined) throw new Error("not started");
    try {
      for (const server of [blue, green, old]) await run(server, commands);
      for (const server of [blue, green]) await run(server, expiry);
      expect(await compareDatasets(blue.operator, green.operator, ALL)).toMatchObject({ keysDifferent: 0 });
      const withOld = await compareDatasets(blue.operator, old.operator, ALL);
      expect(withOld.samples.map(({ key }) => key).sort()).toEqual(["hash", "long hash"]);
      await run(green, [["HPERSIST", "hash", "FIELDS", 1, "a"]]);
      expect(await compareDatasets(blue.operator, green.operator, ALL)).toMatchObject({ keysDifferent: 1 });
      await run(blue, [
        ["HPERSIST", "hash", "FIELDS", 1, "a"],
        ["HPERSIST", "long hash", "FIELDS", 1, "field 1999"],
      ]);
      expect(await compareDatasets(blue.operator, old.operator, ALL)).toMatchObject({ keysDifferent: 0 });
    } finally {
      await Promise.all([blue, green, old].map((server) => server.stop()));
    }
  });
});

/** Writes without a pause over four connections: hot counters, lists, streams with groups, keys that come and go. */
function startWriter(server: TestServer): { stop(): Promise<void>; writes: number } {
  const state = { stopping: false, writes: 0 };
  const lane = async (lane: number): Promise<void> => {
    const connection = await RedisServer.connect(server.admin.address, { username: "default" });
    await connection.call("DEL", `events ${lane}`);
    await connection.call("XGROUP", "CREATE", `events ${lane}`, "g", "0", "MKSTREAM");
    for (let i = 0; !state.stopping; i++) {
      await connection.call("INCR", `counter ${lane}`);
      await connection.call("RPUSH", `queue ${lane}`, i);
      if (i % 50 === 0) await connection.call("LTRIM", `queue ${lane}`, -200, -1);
      await connection.call("SET", `short ${lane} ${i % 500}`, i, "PX", 1 + (i % 300));
      await connection.call("SET", `key ${lane} ${i % 500}`, i);
      await connection.call("DEL", `key ${lane} ${(i * 7) % 500}`);
      await connection.call("HINCRBY", `hash ${lane}`, String(i % 20), 1);
      await connection.call("XADD", `events ${lane}`, "MAXLEN", 100, "*", "i", i);
      await connection.call("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", `events ${lane}`, ">");
      state.writes += 8;
    }
    connection.close();
  };
  const lanes = [0, 1, 2, 3].map(lane);
  return {
    get writes() {
      return state.writes;
    },
    async stop() {
      state.stopping = true;
      await Promise.all(lanes);
    },
  };
}
