import { describe, expect, it } from "vitest";
import { BOUNDS, describeRefusals, sentences, withBlue } from "./refusals.ts";

describeRefusals("a deployment that is refused", [
  [
    "a version that YAML read as a number",
    withBlue({ version: 7 }),
    'blue.version is the number 7, but must be text such as "7.0" or "7.0.15": write it in quotes, e.g. version: "7.0".',
  ],
  [
    "a version of another form",
    withBlue({ version: "v7" }),
    'blue.version is "v7", but must be text such as "7.0" or "7.0.15": write major.minor or major.minor.patch in quotes.',
  ],
  [
    "no version",
    { live: "blue", blue: { memory: 512 } },
    'blue.version is missing, but must be text such as "7.0" or "7.0.15": add version, or address for a server that exists already.',
  ],
  [
    "a version without ACL users",
    withBlue({ version: "5.0" }),
    'blue.version is "5.0", but must be Redis 6.0 or newer: set a newer version; older ones have no ACL users to take rights from.',
  ],
  [
    "a version that Valkey never had",
    withBlue({ product: "valkey", version: "7.0" }),
    'blue.version is "7.0", but must be Valkey 7.2 or newer: set a version that Valkey has, or product: redis.',
  ],
  [
    "an unknown product",
    withBlue({ product: "keydb" }),
    'blue.product is "keydb", but must be redis or valkey: set one of these.',
  ],
  [
    "numbers of another type",
    withBlue({ replicas: "1", memory: true }),
    "blue.memory is true, but must be a whole number from 64 to 16,777,216 (MiB): " + BOUNDS,
    'blue.replicas is "1", but must be a whole number from 0 to 5: remove the quotes.',
  ],
  [
    "too little memory, too many replicas",
    withBlue({ replicas: 6, memory: 32 }),
    `blue.memory is the number 32, but must be a whole number from 64 to 16,777,216 (MiB): ${BOUNDS}`,
    `blue.replicas is the number 6, but must be a whole number from 0 to 5: ${BOUNDS}`,
  ],
  [
    "an unknown persistence",
    withBlue({ persistence: "none" }),
    'blue.persistence is "none", but must be rdb or aof: set one of these.',
  ],
  [
    "an image of another version",
    withBlue({ image: "redis:7.2" }),
    'blue.image is "redis:7.2", whose tag says 7.2, but must be an image whose tag names version 7.0: write redis:7.0, or set version: "7.2".',
  ],
  [
    "an image that may hold an older patch",
    withBlue({ version: "7.0.15", image: "redis:7.0" }),
    'blue.image is "redis:7.0", whose tag says 7.0, but must be an image whose tag names version 7.0.15: write redis:7.0.15, or set version: "7.0".',
  ],
  [
    "an image of a version that only begins alike",
    withBlue({ version: "7.2", image: "redis:7.22" }),
    'blue.image is "redis:7.22", whose tag says 7.22, but must be an image whose tag names version 7.2: write redis:7.2, or set version: "7.22".',
  ],
  [
    "an image of a major version",
    withBlue({ image: "redis:7" }),
    'blue.image is "redis:7", whose tag says 7, but must be an image whose tag names version 7.0: write redis:7.0.',
  ],
  [
    "an image of no version",
    withBlue({ image: "redis:latest" }),
    'blue.image is "redis:latest", whose tag names no version, but must be an image whose tag names version 7.0: write redis:7.0.',
  ],
  [
    "an image without a tag",
    withBlue({ image: "mirror.example:5000/redis" }),
    'blue.image is "mirror.example:5000/redis", without a tag, but must be an image whose tag names version 7.0: write mirror.example:5000/redis:7.0.',
  ],
  [
    "a digest without a tag",
    withBlue({ image: `redis@sha256:${"a".repeat(64)}` }),
    'blue.image is "redis@sha256:…", a digest without a tag, but must be an image whose tag names version 7.0: keep the digest and write the tag before it, redis:7.0@sha256:….',
  ],
  [
    "no image reference",
    withBlue({ image: "redis:7.0 " }),
    'blue.image is "redis:7.0 ", but must be an image reference such as redis:7.0: correct it, or remove it to have that one.',
  ],
  [
    "an image of the other product",
    withBlue({ version: "8.1", image: "valkey/valkey:8.1" }),
    'blue.image is "valkey/valkey:8.1", an image of Valkey, but must be an image of Redis, which product says: set product: valkey, or another image.',
  ],
  [
    "versions of which neither can copy from the other",
    withBlue({ version: "8.0" }, { green: { version: "99.0" } }),
    "green.version is Redis 99.0, which can't copy from Redis 8.0 on blue, but must be a version that can, as replication between Redis 99.0 and another release is not measured: set a version that reads what blue writes, as a rule a newer one of the same product, or let the bridge copy (redis-bluegreen:bridge.use: always).",
  ],
  [
    "settings that are set by this project",
    withBlue({
      redis: {
        port: 1,
        bind: "::",
        "tls-port": 1,
        dir: "/",
        appendonly: true,
        replicaof: "a 1",
        requirepass: "hunter2",
        "rename-command": "a b",
        "min-slaves-to-write": 1,
        "min-slaves-max-lag": 0,
        "cluster-enabled": true,
        include: "a",
      },
    }),
    ...[
      ["port", "remove it; where clients connect is set by endpoint"],
      ["bind", "remove it; where clients connect is set by endpoint"],
      ["tls-port", "remove it; TLS is not yet available"],
      ["dir", "remove it; the data stays in the deployment's volume"],
      ["appendonly", "remove it and set persistence to rdb or aof"],
      ["replicaof", "remove it; who follows whom is set by live"],
      ["requirepass", "remove it; users and passwords are set by auth"],
      ["rename-command", "remove it; the commands are needed by their names, and users are limited by ACLs"],
      ["min-slaves-to-write", "write min-replicas-to-write instead"],
      ["min-slaves-max-lag", "write min-replicas-max-lag instead"],
      ["cluster-enabled", "remove it; cluster mode is not available"],
      ["include", "remove it; the container starts and logs by itself"],
    ].map(
      ([name, cure]) =>
        `blue.redis.${name ?? ""} is a setting that this project makes itself, but must be left out: ${cure ?? ""}.`,
    ),
  ],
  [
    "settings that redis.conf can't hold",
    withBlue({ redis: { Hz: 1, save: "900 1\nport 1", databases: [16] } }),
    "blue.redis.Hz is not the name of a setting, but must be named as in redis.conf, in lower case: correct the name.",
    "blue.redis.save is too long or of several lines, but must be text on one line, a number, true or false: write the value as it stands in redis.conf.",
    "blue.redis.databases is a list, but must be text on one line, a number, true or false: write the value as it stands in redis.conf.",
  ],
  [
    "settings with a word that no server takes",
    withBlue({
      redis: { "maxmemory-policy": "allkeys-lur", appendfsync: true, loglevel: '"quiet"', save: "" },
    }),
    'blue.redis.maxmemory-policy is "allkeys-lur", but must be noeviction, allkeys-lru, allkeys-lfu, allkeys-lrm, allkeys-random, volatile-lru, volatile-lfu, volatile-lrm, volatile-random or volatile-ttl: write allkeys-lru.',
    'blue.redis.appendfsync is "yes", but must be always, everysec or no: set one of these.',
    'blue.redis.loglevel is "\\"quiet\\"", but must be debug, verbose, notice, warning or nothing: set one of these.',
  ],
  [
    "settings that are no object",
    withBlue({ redis: "maxmemory 1gb" }),
    "blue.redis is text, but must be an object with any of the keys maxmemory-policy: write each of its keys on a line of its own below it, or remove it.",
  ],
  [
    "more data than the memory limit holds",
    withBlue({ redis: { maxmemory: "600mb" } }),
    'blue.redis.maxmemory is "600mb", too much for a memory limit of 512 MiB, but must be at most "460mb", 90 % of the limit, as buffers and saves need the rest: lower it, or set redis-bluegreen:blue.memory to 667.',
  ],
  [
    "a size of another form",
    withBlue({ redis: { maxmemory: "50%" } }),
    'blue.redis.maxmemory is "50%", but must be a size such as "460mb": write a whole number with or without one of the units kb, mb and gb.',
  ],
  [
    "so many replicas to write that a fence could not be told from it",
    withBlue({ redis: { "min-replicas-to-write": 1001 } }),
    'blue.redis.min-replicas-to-write is "1001", but must be a whole number from 0 to 1,000: set a smaller number; 1,000,000 is added to it while the colour is closed to clients.',
  ],
  [
    "a fence that the server would not look at",
    withBlue({ redis: { "min-replicas-max-lag": 0 } }),
    'blue.redis.min-replicas-max-lag is "0", but must be a whole number from 1 to 3,600 seconds: set another number; with 0 the server would take writes while it is closed to clients.',
  ],
]);

describe("version pairs", () => {
  const pair = { live: "blue", blue: { version: "8.0" }, green: { version: "7.0" } };

  it("refuses a new standby that can't read what the live colour writes", () => {
    expect(sentences(pair, true)).toEqual([
      "redis-bluegreen:green.version is Redis 7.0, which can't copy from Redis 8.0 on blue, but must be a version that can, as Redis 8.0 writes RDB version 12, Redis 7.0 reads up to 10: set a version that reads what blue writes, as a rule a newer one of the same product, or let the bridge copy (redis-bluegreen:bridge.use: always).",
    ]);
  });

  it("lets the older colour stay behind the newer one after a cutover", () => {
    expect(sentences(pair)).toEqual([]);
    expect(sentences({ ...pair, live: "green" }, true)).toEqual([]);
  });

  it("asks nothing of an existing server, whose version isn't configured", () => {
    expect(sentences({ ...pair, blue: { address: "redis://10.0.0.5" } }, true)).toEqual([]);
  });
});
