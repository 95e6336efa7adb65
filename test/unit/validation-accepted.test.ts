import { describe, expect, it } from "vitest";
import { mapPasswords, operatorPorts, type Arguments } from "../../components/arguments.ts";
import { isBridged } from "../../components/bridgeUse.ts";
import { DEFAULT_BAKE } from "../../components/engine/bake/bakeSettings.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import { validateArguments } from "../../components/validation/index.ts";

/** The arguments that a configuration gives. */
function accept(raw: unknown, stack?: string): Arguments {
  const options = { path: (key: string) => key };
  const validation = validateArguments(raw, stack === undefined ? options : { ...options, stack });
  expect(validation.problems).toEqual([]);
  return validation.arguments as Arguments;
}

describe("a configuration that is accepted", () => {
  it("has every default filled in", () => {
    expect(accept({ live: "blue", blue: { version: "7.0" }, green: {} }, "demo")).toEqual({
      platform: "docker",
      live: "blue",
      blue: {
        external: false,
        product: "redis",
        version: "7.0",
        image: "redis:7.0",
        replicas: 0,
        memory: 512,
        persistence: "rdb",
        redis: {},
        operatorPort: 16_379,
        reseed: false,
      },
      endpoint: {
        host: "127.0.0.1",
        writePort: 6_379,
        readPort: 6_380,
        runtimePort: 16_378,
        image: "haproxy:3.0",
      },
      auth: { applicationUser: "default" },
      guardrails: DEFAULT_GUARDRAILS,
      bake: DEFAULT_BAKE,
      bridge: { use: "auto", image: "node:24-slim", memory: 256, statusPort: 16_579 },
      backup: { directory: "backups/demo" },
      report: { directory: "reports/demo" },
    });
  });

  it("takes a word as a rehearsal's name, and an empty one as none", () => {
    const blue = { version: "7.0" };
    expect(accept({ live: "blue", blue, rehearsal: "2026-11-21" })).toMatchObject({
      rehearsal: "2026-11-21",
    });
    expect(accept({ live: "blue", blue, rehearsal: "" })).not.toHaveProperty("rehearsal");
  });

  it.each([
    ["6.0", "8.0", "auto", true],
    ["7.0", "8.0", "auto", false],
    ["7.0", "8.0", "always", true],
    ["6.0", "8.0", "never", false],
  ])("puts a bridge beside %s and %s with %s: %s", (older, newer, use, bridged) => {
    const args = accept({
      live: "blue",
      blue: { version: older },
      green: { version: newer },
      bridge: { use },
    });
    expect(isBridged(args)).toBe(bridged);
    expect(isBridged(accept({ live: "blue", blue: { version: older }, bridge: { use } }))).toBe(false);
  });

  it("takes versions that can't replicate with a bridge between them", () => {
    const green = { version: "8.1", product: "valkey" };
    expect(isBridged(accept({ live: "blue", blue: { version: "8.0" }, green }))).toBe(true);
  });

  it("counts default ports from the write port, with room for replicas", () => {
    const version = { version: "7.0", replicas: 5 };
    const args = accept({ live: "blue", blue: version, green: version, endpoint: { writePort: 7_000 } });
    expect(args.endpoint).toMatchObject({ readPort: 7_001, runtimePort: 16_999 });
    expect(args.blue).toMatchObject({ operatorPort: 17_000 });
    expect(args.green).toMatchObject({ operatorPort: 17_100 });
    expect(operatorPorts({ operatorPort: 17_000, replicas: 2 })).toEqual([17_000, 17_001, 17_002]);
  });

  it("takes images whose tag is the version or a patch of it, in any registry, with any variant", () => {
    const digest = `@sha256:${"0".repeat(64)}`;
    const images = [
      "redis:7.0",
      "redis:7.0.15-bookworm",
      `mirror.example:5000/a/redis:7.0${digest}`,
      "x:v7.0",
    ];
    for (const image of images) {
      expect(accept({ live: "blue", blue: { version: "7.0", image } }).blue).toMatchObject({ image });
    }
    const valkey = { product: "valkey", version: "8.1" };
    expect(accept({ live: "blue", blue: valkey }).blue).toMatchObject({ image: "valkey/valkey:8.1" });
  });

  it("passes redis settings on as they stand in redis.conf", () => {
    const redis = {
      "maxmemory-policy": "allkeys-lru",
      maxmemory: "460mb",
      hz: 20,
      activedefrag: false,
      save: "",
      "min-replicas-to-write": 1_000,
    };
    expect(accept({ live: "blue", blue: { version: "7.0", redis } }).blue).toMatchObject({
      redis: {
        "maxmemory-policy": "allkeys-lru",
        maxmemory: "460mb",
        hz: "20",
        activedefrag: "no",
        save: '""',
        "min-replicas-to-write": "1000",
      },
    });
  });

  it("gives an existing server on loopback the addresses by which containers and it find each other", () => {
    expect(accept({ live: "blue", blue: { address: "redis://localhost:7000" } }).blue).toEqual({
      external: true,
      address: { host: "localhost", port: 7_000 },
      username: "default",
      peerAddress: { host: "host.docker.internal", port: 7_000 },
      advertiseHost: "127.0.0.1",
      reseed: false,
    });
  });

  it("gives an existing server elsewhere what was said of it", () => {
    const blue = {
      address: "redis://admin@[fd00::5]",
      password: "short",
      peerAddress: "redis.internal:6379",
      advertiseHost: "10.0.0.1",
    };
    expect(accept({ live: "blue", blue }).blue).toEqual({
      external: true,
      address: { host: "fd00::5", port: 6_379 },
      username: "admin",
      password: "short",
      peerAddress: { host: "redis.internal", port: 6_379 },
      advertiseHost: "10.0.0.1",
      reseed: false,
    });
    expect(accept({ live: "blue", blue: { address: "redis://10.0.0.5" } }).blue).not.toHaveProperty(
      "advertiseHost",
    );
  });

  it("takes the word that a standby of either kind may be overwritten", () => {
    const live = { live: "blue", blue: { version: "7.0" } };
    const green = accept({ ...live, green: { version: "8.0", reseed: true } }).green;
    expect(green).toMatchObject({ reseed: true });
    const existing = accept({ ...live, green: { address: "redis://10.0.0.5", reseed: true } }).green;
    expect(existing).toMatchObject({ reseed: true });
  });

  it("takes strong passwords anywhere and weak ones on loopback", () => {
    const strong = { applicationPassword: "s3cure enough 4 all", operatorPassword: "0123456789abcdef" };
    const auth = { ...strong, replicationPassword: "fedcba9876543210" };
    const blue = { version: "7.0" };
    expect(accept({ live: "blue", blue, auth, endpoint: { host: "0.0.0.0" } }).auth).toMatchObject(auth);
    const weak = { applicationUser: "app", applicationPassword: "weak" };
    expect(accept({ live: "blue", blue, auth: weak, endpoint: { host: "localhost" } })).toMatchObject({
      auth: weak,
      endpoint: { host: "127.0.0.1" },
    });
  });

  it("maps every password and nothing else", () => {
    const args = accept({
      live: "blue",
      blue: { address: "redis://10.0.0.5", password: "a" },
      auth: { applicationPassword: "b", operatorPassword: "c", replicationPassword: "d" },
    });
    const mapped = mapPasswords(args, (password) => ({ password }));
    expect(mapped).toEqual({
      ...args,
      blue: { ...args.blue, password: { password: "a" } },
      auth: {
        applicationUser: "default",
        applicationPassword: { password: "b" },
        operatorPassword: { password: "c" },
        replicationPassword: { password: "d" },
      },
    });
  });
});
