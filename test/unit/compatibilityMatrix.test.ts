import { describe, expect, it } from "vitest";
import { canReplicate, minorOf, rdbVersionOf } from "../../components/engine/compatibility/matrix.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";

/** `redis 7.0` as a version. */
function server(name: string): ServerVersion {
  const [product, version] = name.split(" ") as ["redis" | "valkey", string];
  return { product, version };
}

const REDIS = ["redis 6.0", "redis 6.2", "redis 7.0", "redis 7.2", "redis 7.4", "redis 8.0", "redis 8.6"];
const VALKEY = ["valkey 8.0", "valkey 8.1", "valkey 9.1"];
const ALL = [...REDIS, ...VALKEY];
const since = (version: string) => REDIS.slice(REDIS.indexOf(version));

/** What was measured for each master: the replicas that take a full copy; all others fail. */
const MEASURED: Record<string, string[]> = {
  "redis 6.0": ALL,
  "redis 6.2": ALL,
  "redis 7.0": [...since("redis 7.0"), ...VALKEY],
  "redis 7.2": [...since("redis 7.2"), ...VALKEY],
  "valkey 8.0": [...since("redis 7.2"), ...VALKEY],
  "valkey 8.1": [...since("redis 7.2"), ...VALKEY],
  "redis 7.4": since("redis 7.4"),
  "redis 8.0": since("redis 7.4"),
  "redis 8.6": since("redis 8.6"),
  "valkey 9.1": [...since("redis 7.2"), ...VALKEY],
};

describe("canReplicate", () => {
  const pairs = Object.entries(MEASURED).flatMap(([master, replicas]) =>
    ALL.map((replica) => ({ master, replica, ok: replicas.includes(replica) })),
  );
  it.each(pairs)("$master -> $replica: $ok", ({ master, replica, ok }) => {
    expect(canReplicate(server(master), server(replica)).ok).toBe(ok);
  });

  it("says which format stands against which", () => {
    expect(canReplicate(server("redis 8.0"), server("redis 7.0")).reason).toBe(
      "Redis 8.0 writes RDB version 12, Redis 7.0 reads up to 10",
    );
    expect(canReplicate(server("redis 8.0.2"), server("valkey 9.1")).reason).toBe(
      "Redis 8.0.2 writes RDB version 12, Valkey 9.1 reads up to 11 from Redis",
    );
    expect(canReplicate(server("valkey 9.1"), server("redis 7.0")).reason).toBe(
      "Valkey 9.1 sends RDB version 11, Redis 7.0 reads up to 10",
    );
  });

  it("refuses a release that is not measured, and names it", () => {
    expect(canReplicate(server("redis 7.0"), server("redis 9.4"))).toEqual({
      ok: false,
      reason: "replication between Redis 9.4 and another release is not measured",
    });
    expect(canReplicate(server("valkey 10.0"), server("valkey 9.1")).ok).toBe(false);
  });

  it("lets a minor release follow itself, measured or not, whatever the patch", () => {
    expect(canReplicate(server("redis 9.4.1"), server("redis 9.4.0")).ok).toBe(true);
    expect(canReplicate(server("redis 8.0"), server("valkey 8.0")).ok).toBe(false);
  });

  it("infers 8.2 and 8.4 from the releases around them", () => {
    expect(canReplicate(server("redis 8.4"), server("redis 8.0")).ok).toBe(true);
    expect(canReplicate(server("redis 8.6"), server("redis 8.4")).ok).toBe(false);
  });
});

describe("versions", () => {
  it("depend on major and minor only", () => {
    expect(minorOf("7.0.15")).toBe("7.0");
    expect(minorOf("7.0")).toBe("7.0");
    expect(rdbVersionOf(server("redis 7.0.15"))).toBe(10);
    expect(rdbVersionOf(server("redis 4.0"))).toBeUndefined();
  });
});
