import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { operatorRules } from "../../components/docker/aclRules.ts";
import { redisConf, type RedisConfInput } from "../../components/docker/redisConf.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";

const CREDENTIALS: RedisConfInput["credentials"] = {
  application: { username: "default", password: "application-password" },
  operator: { username: "redis-bluegreen-operator", password: "operator-password" },
  replication: { username: "redis-bluegreen-replication", password: "replication-password" },
};

/** What every release is called with, in the order of the rules. */
const EVERYWHERE =
  "+ping +client|setname +info +config|get +client|list +acl|whoami +acl|users +acl|getuser +set " +
  "+bgsave +multi +exec +config|set +config|rewrite +acl|setuser +replicaof +client|pause +client|kill +get +del " +
  "+psync +replconf +client|id +acl|list " +
  "+select +time +scan +randomkey +exists +type +getrange +lrange +sscan +scard +zrange +hscan +hlen " +
  "+xinfo +xrange +xpending +dump";

function redis(version: string): ServerVersion {
  return { product: "redis", version };
}

function lines(input: Partial<RedisConfInput> = {}): string[] {
  return redisConf({
    colour: "blue",
    version: redis("7.0"),
    persistence: "rdb",
    redis: {},
    credentials: CREDENTIALS,
    ...input,
  }).split("\n");
}

function userLine(name: string, input: Partial<RedisConfInput> = {}): string | undefined {
  return lines(input).find((line) => line.startsWith(`user ${name} `));
}

function saves(conf: string[]): string[] {
  return conf.filter((line) => line.startsWith("save"));
}

describe("the first configuration of a server", () => {
  test("is born closed: fenced, nobody copies from it, the proxy stays away", () => {
    expect(lines()).toContain("min-replicas-to-write 1000000");
    expect(userLine("redis-bluegreen-replication")).toMatch(/^user redis-bluegreen-replication off /);
    expect(userLine("redis-bluegreen-proxy")).toBe("user redis-bluegreen-proxy off nopass -@all +ping +role");
  });

  test("keeps inside the fence what the user wants behind it", () => {
    const fenced = lines({ redis: { "min-replicas-to-write": "2" } });
    expect(fenced.filter((line) => line.startsWith("min-replicas"))).toEqual([
      "min-replicas-to-write 1000002",
    ]);
  });

  test("lets a replica follow its primary and be writable as soon as it is promoted", () => {
    const replica = lines({ primary: { host: "redis-dev-blue-0", port: 6379 } });
    expect(replica).toContain("replicaof redis-dev-blue-0 6379");
    expect(replica).toContain("min-replicas-to-write 0");
    expect(replica).toContain("masteruser redis-bluegreen-replication");
    expect(replica).toContain('masterauth "replication-password"');
  });

  test("keeps a standby's data while a full copy comes in", () => {
    expect(lines()).toContain("repl-diskless-load swapdb");
  });

  test("saves by time, or appends each write", () => {
    expect(lines()).toContain("appendonly no");
    expect(saves(lines())).toEqual(["save 3600 1", "save 300 100", "save 60 10000"]);
    const aof = lines({ persistence: "aof" });
    expect(aof).toContain("appendonly yes");
    expect(saves(aof)).toEqual([]);
  });

  test("passes the user's settings through after its own", () => {
    const passed = lines({ redis: { "maxmemory-policy": "allkeys-lru", "notify-keyspace-events": '""' } });
    expect(passed).toEqual(
      expect.arrayContaining(["maxmemory-policy allkeys-lru", 'notify-keyspace-events ""']),
    );
    expect(saves(lines({ redis: { save: "60 1  30 10" } }))).toEqual(["save 60 1", "save 30 10"]);
    expect(saves(lines({ redis: { save: '""' } }))).toEqual(['save ""']);
  });

  test("quotes the one password that it needs in clear, and has hashes of all others", () => {
    const password = String.raw`a "quoted" back\slash and a space`;
    const conf = lines({
      credentials: { ...CREDENTIALS, replication: { username: "redis-bluegreen-replication", password } },
    });
    expect(conf).toContain(String.raw`masterauth "a \"quoted\" back\\slash and a space"`);
    const hash = createHash("sha256").update(password).digest("hex");
    expect(conf.find((line) => line.startsWith("user redis-bluegreen-replication"))).toContain(` #${hash} `);
    expect(conf.join("\n")).not.toMatch(/application-password|operator-password/);
  });
});

describe("the users of a server", () => {
  test("the application may not administrate", () => {
    const hash = createHash("sha256").update("application-password").digest("hex");
    const rules = "+@all -@admin -@dangerous +info +sort +keys";
    const client = "+client|setname +client|getname +client|id";
    expect(userLine("default", { version: redis("6.0") })).toBe(
      `user default on #${hash} ~* ${rules} ${client}`,
    );
    expect(userLine("default", { version: redis("6.2") })).toBe(
      `user default on #${hash} ~* &* ${rules} ${client}`,
    );
    expect(userLine("default", { version: redis("7.0") })).toBe(
      `user default on #${hash} ~* &* ${rules} +sort_ro ${client}`,
    );
  });

  test("who doesn't log in is nobody, unless the application is the default user", () => {
    const application = { username: "app", password: "application-password" };
    expect(userLine("default", { credentials: { ...CREDENTIALS, application } })).toBe(
      "user default off nopass -@all",
    );
    expect(userLine("app", { credentials: { ...CREDENTIALS, application } })).toMatch(/^user app on #/);
    expect(lines().filter((line) => line.startsWith("user default"))).toHaveLength(1);
  });

  test("a user without a password logs in with any", () => {
    const application = { username: "default" };
    expect(userLine("default", { credentials: { ...CREDENTIALS, application } })).toMatch(
      /^user default on nopass /,
    );
  });

  test("replicas copy, and the health check pings", () => {
    expect(userLine("redis-bluegreen-replication")).toMatch(/ -@all \+psync \+replconf \+ping$/);
    expect(userLine("redis-bluegreen-health")).toBe("user redis-bluegreen-health on nopass -@all +ping");
  });

  test.each([
    [redis("6.0"), "~*", "+pttl"],
    [redis("6.2"), "~*", "+client|unpause +pttl"],
    [redis("7.0"), "%R~* ~redis-bluegreen:*", "+client|unpause +acl|dryrun +latency|histogram +pexpiretime"],
    [
      redis("7.2"),
      "%R~* ~redis-bluegreen:*",
      "+client|unpause +acl|dryrun +latency|histogram +pexpiretime +client|no-touch",
    ],
    [
      redis("8.0"),
      "%R~* ~redis-bluegreen:*",
      "+client|unpause +acl|dryrun +latency|histogram +pexpiretime +client|no-touch +hpexpiretime",
    ],
    [
      { product: "valkey", version: "8.1" } as const,
      "%R~* ~redis-bluegreen:*",
      "+client|unpause +acl|dryrun +latency|histogram +pexpiretime +client|no-touch",
    ],
    [
      { product: "valkey", version: "9.0" } as const,
      "%R~* ~redis-bluegreen:*",
      "+client|unpause +acl|dryrun +latency|histogram +pexpiretime +client|no-touch +hpexpiretime",
    ],
  ])("the operator of %o reads all keys and calls what is called, no more", (version, keys, more) => {
    expect(operatorRules(version)).toBe(`${keys} -@all ${EVERYWHERE} ${more}`);
  });
});
