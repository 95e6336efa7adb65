import { describe, expect, it } from "vitest";
import type { Gate } from "../../components/engine/gate.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import { evaluatePreflight } from "../../components/engine/preflight/runPreflight.ts";
import { verdictOf } from "../../components/engine/preflight/versions.ts";
import { MIB, OPEN_GATE, expectRow, facts, type Row } from "../support/preflightScene.ts";

describe("a healthy pair", () => {
  it("has no failing check, and the one warning that belongs to its versions", () => {
    const notable = evaluatePreflight(facts()).filter(({ outcome }) => outcome !== "pass");
    expect(notable.map(({ name, outcome }) => [name, outcome])).toEqual([["rollback", "warn"]]);
    expect(verdictOf(facts())?.kind).toBe("lossless (native)");
  });

  it("is checked for everything", () => {
    const names = evaluatePreflight(facts()).map(({ name }) => name);
    expect(new Set(names)).toEqual(
      new Set([
        "blue reachable",
        "green reachable",
        "role of live",
        "role of standby",
        "blue version",
        "green version",
        "replication",
        "rollback",
        "link",
        "lag",
        "keys",
        "drift",
        "backlog",
        "replicas of live",
        "write test",
        "blue persistence",
        "blue config file",
        "green persistence",
        "green config file",
        "append-only file",
        "blue memory",
        "green memory",
        "room for two datasets",
        "clients",
        "blocked clients",
        "ACL users",
        "scripts",
        "modules and functions",
        "withdrawn commands",
      ]),
    );
  });
});

/** Of a standby that began to follow as the process that it still is. */
const FOLLOWING = { ...OPEN_GATE, proxyOn: false, fenced: true, rejectedBefore: { run: "", count: 0 } };

/** Of a standby that the bridge feeds. */
const fedWith = (keys: { staleKeys: number; lingeringKeys: number }): Gate => ({
  ...OPEN_GATE,
  proxyOn: false,
  fed: {
    applicationUser: "default",
    lastDatabase: 15,
    version: { product: "redis", version: "7.0.15" },
    own: { replid: "a", offset: 1 },
    progress: {
      position: {
        replid: "a",
        applied: { offset: 1, database: 0 },
        confirmed: { offset: 1, database: 0 },
        batches: 1,
        since: "-",
        copying: false,
      },
      unrepresentable: 0,
      ...keys,
    },
  },
});

/** Roles, versions and the link. */
const rows: Row[] = [
  [
    "live is a replica",
    { live: { replication: { role: "replica" } } },
    "role of live",
    "fail",
    /replica of another server/,
  ],
  [
    "an existing server is fenced, and a cutover begins",
    {
      external: true,
      live: { gate: { ...OPEN_GATE, proxyOn: false, fenced: true } },
    },
    "role of live",
    "fail",
    /run pulumi up with the config of the last update/,
  ],
  ["live is fenced", { live: { gate: { ...OPEN_GATE, fenced: true } } }, "role of live", "fail", /fenced/],
  [
    "the proxy is shut out",
    { live: { gate: { ...OPEN_GATE, proxyOn: false } } },
    "role of live",
    "fail",
    /proxy/,
  ],
  [
    "an existing server has no proxy user",
    {
      external: true,
      live: { gate: { ...OPEN_GATE, proxyOn: false } },
    },
    "role of live",
    "pass",
    /master/,
  ],
  [
    "the standby is a master",
    { standby: { replication: { role: "master" } } },
    "role of standby",
    "fail",
    /nobody/,
  ],
  [
    "the standby was left behind by a cutover without a way back",
    {
      live: { version: { product: "redis", version: "8.0.2" } },
      standby: {
        version: { product: "redis", version: "6.0.16" },
        replication: { role: "master", linkUp: false },
      },
    },
    "role of standby",
    "fail",
    /Leave live: blue; the way back is by backup only \(config:backup\), until/,
  ],
  [
    "the standby follows a stranger",
    { standby: { replication: { following: { host: "elsewhere", port: 1 } } } },
    "role of standby",
    "fail",
    /elsewhere:1/,
  ],
  [
    "the same while nothing is cut over",
    { standby: { replication: { role: "master" } }, input: { cutover: false } },
    "role of standby",
    "warn",
    /nobody/,
  ],
  [
    "another minor runs than configured",
    { live: { version: { product: "redis", version: "7.2.4" } } },
    "blue version",
    "fail",
    /7\.2\.4.*7\.0/,
  ],
  [
    "another product runs",
    { live: { version: { product: "valkey", version: "7.0.0" } } },
    "blue version",
    "fail",
    /Valkey/,
  ],
  ["5.0 runs", { live: { version: { product: "redis", version: "5.0.14" } } }, "blue version", "fail", /ACL/],
  [
    "the standby can't copy",
    {
      live: { version: { product: "redis", version: "8.6.3" } },
      standby: { replication: { linkUp: false } },
    },
    "replication",
    "fail",
    /RDB version 13/,
  ],
  [
    "the way back is a backup",
    { live: { commands: new Set(["restore"]) } },
    "rollback",
    "fail",
    /backup only.*RESTORE.*acceptBackupOnlyRollback/,
  ],
  [
    "the same, accepted",
    {
      live: { commands: new Set(["restore"]) },
      input: { guardrails: { ...DEFAULT_GUARDRAILS, acceptBackupOnlyRollback: true } },
    },
    "rollback",
    "warn",
    /accepted/,
  ],
  [
    "an existing server can't reach the other colour",
    { external: true, noLinkBecause: "blue.advertiseHost does not say how it reaches green" },
    "rollback",
    "fail",
    /backup only, blue\.advertiseHost does not say/,
  ],
  [
    "an existing server refuses what clients log in with on the other colour",
    { external: true, applicationRefused: "WRONGPASS" },
    "blue clients' login",
    "fail",
    /WRONGPASS .*config:auth\.applicationUser and config:auth\.applicationPassword/,
  ],
  [
    "somebody else may write to a colour that the bridge will feed",
    {
      live: { users: ["default", "app", "batch"], application: { name: "app", nopass: true, passwords: [] } },
      standby: {
        users: ["default", "app", "batch"],
        application: { name: "app", nopass: true, passwords: [] },
      },
      input: { bridge: { use: "always", status: { host: "127.0.0.1", port: 1 } } },
    },
    "ACL users",
    "warn",
    /^batch on blue, .*let none of them write to it directly/,
  ],
  [
    "the colours were born with two passwords",
    {
      live: { application: { name: "app", nopass: false, passwords: ["a", "b"] } },
      standby: { application: { name: "app", nopass: false, passwords: ["b"] } },
    },
    "clients' passwords",
    "fail",
    /green was born with another auth\.applicationPassword.* remove config:green/,
  ],
  [
    "the standby takes every password of live, and more",
    {
      live: { application: { name: "app", nopass: false, passwords: ["a"] } },
      standby: { application: { name: "app", nopass: false, passwords: ["a", "b"] } },
    },
    "clients' passwords",
    "pass",
    /gets in on live/,
  ],
  [
    "live takes any password",
    {
      live: { application: { name: "app", nopass: true, passwords: [] } },
      standby: { application: { name: "app", nopass: false, passwords: ["a"] } },
    },
    "clients' passwords",
    "fail",
    /would turn clients away/,
  ],
  [
    "a colour would not let the other one follow it",
    {
      live: { replicaUser: { name: "replica", nopass: false, passwords: ["wanted"] } },
      standby: { replicaUser: { name: "replica", nopass: false, passwords: ["former"] } },
    },
    "replicas' password",
    "fail",
    /^green takes another one than config:auth\.replicationPassword, .*set it back/,
  ],
  [
    "both let each other follow, one with any password",
    {
      live: { replicaUser: { name: "replica", nopass: true, passwords: [] } },
      standby: { replicaUser: { name: "replica", nopass: false, passwords: ["former", "wanted"] } },
    },
    "replicas' password",
    "pass",
    /gets in/,
  ],
  [
    "the standby rejected commands",
    { standby: { info: { unexpected_error_replies: "3" }, gate: FOLLOWING } },
    "drift",
    "fail",
    /green rejected 3 replicated commands of blue.*remove config:green, run pulumi up, and add it again with reseed: true$/,
  ],
  [
    "an older standby follows one that executed what it doesn't know",
    {
      live: { version: { product: "redis", version: "8.0.2" }, commands: new Set(["hsetex"]) },
      standby: { version: { product: "redis", version: "7.0.15" } },
    },
    "drift",
    "fail",
    /possible: .*HSETEX.*Leave live: blue/,
  ],
  [
    "an older standby's count begins behind its link",
    {
      live: { version: { product: "redis", version: "8.0.2" } },
      standby: { version: { product: "redis", version: "7.0.15" }, gate: FOLLOWING },
    },
    "drift",
    "pass",
    /restarted or its statistics were reset: a cutover compares every key/,
  ],
  [
    "the standby has fewer databases",
    {
      live: { config: new Map([["databases", "64"]]) },
      standby: { config: new Map([["databases", "16"]]) },
    },
    "databases",
    "fail",
    /64 live, 16 standby.*add it again with redis: { databases: 64 } and, with the same version, reseed: true$/,
  ],
  [
    "something was set on live by hand",
    {
      live: { config: new Map([["notify-keyspace-events", "AKE"]]) },
      standby: { config: new Map([["notify-keyspace-events", ""]]) },
    },
    "settings",
    "warn",
    /^notify-keyspace-events AKE on blue, "" on green if that isn't meant, CONFIG SET and CONFIG REWRITE on green$/,
  ],
  [
    "the standby may hold less than live",
    {
      live: { config: new Map([["maxmemory", "0"]]) },
      standby: { config: new Map([["maxmemory", "400"]]) },
    },
    "settings",
    "warn",
    /maxmemory 0 on blue, 400 on green/,
  ],
  [
    "the standby may hold more than live",
    {
      live: { config: new Map([["maxmemory", "400"]]) },
      standby: { config: new Map([["maxmemory", "800"]]) },
    },
    "settings",
    "pass",
    /^1 that clients notice: alike, or higher on green/,
  ],
  [
    "the standby has a limit of its own that it lacks while it is fed",
    {
      live: { config: new Map([["maxmemory-policy", "allkeys-lru"]]) },
      standby: {
        config: new Map([["maxmemory-policy", "noeviction"]]),
        gate: {
          ...OPEN_GATE,
          proxyOn: false,
          fed: {
            applicationUser: "default",
            limit: { policy: "allkeys-lru", bytes: "400" },
            lastDatabase: 15,
            version: { product: "redis", version: "6.0.16" },
            own: { replid: "a", offset: 1 },
          },
        },
      },
    },
    "settings",
    "pass",
    /^1 that clients notice/,
  ],
  [
    "the bridge copies keys again that it is done with soon",
    { standby: { gate: fedWith({ staleKeys: 3, lingeringKeys: 0 }) } },
    "link",
    "pass",
    /^the bridge feeds the standby/,
  ],
  [
    "the bridge copies a key again and isn't done",
    { standby: { gate: fedWith({ staleKeys: 3, lingeringKeys: 1 }) } },
    "link",
    "fail",
    /^the bridge copies 1 keys again/,
  ],
  [
    "live would not mind its fence",
    { live: { config: new Map([["min-replicas-max-lag", "0"]]) } },
    "blue fence",
    "fail",
    /would take writes while it is closed/,
  ],
  [
    "the standby keeps nothing",
    { standby: { config: new Map([["save", ""]]) } },
    "green persistence",
    "warn",
    /keeps nothing on disk.*set save/,
  ],
  [
    "there is no link",
    { standby: { replication: { linkUp: false, role: "master" } } },
    "link",
    "fail",
    /^none see role/,
  ],
  ["the link is down", { standby: { replication: { linkUp: false } } }, "link", "fail", /down/],
  [
    "the standby waits for a copy that it could not read",
    {
      live: {
        version: { product: "redis", version: "8.6.3" },
        replication: {
          replicas: [{ address: { host: "172.17.0.3", port: 6379 }, state: "wait_bgsave", offset: 0 }],
        },
      },
      standby: { replication: { linkUp: false } },
    },
    "link",
    "fail",
    /^lost: .* Leave live: blue; the way back is by backup only \(config:backup\), until config:bridge\.use: always and config:green\.reseed: true have/,
  ],
  [
    "the standby waits for a copy that it can read",
    {
      live: {
        replication: {
          replicas: [{ address: { host: "172.17.0.3", port: 6379 }, state: "wait_bgsave", offset: 0 }],
        },
      },
      standby: { replication: { linkUp: false } },
    },
    "link",
    "fail",
    /^down/,
  ],
  [
    "a full copy is under way",
    { standby: { replication: { linkUp: false, syncInProgress: true } } },
    "link",
    "fail",
    /full copy/,
  ],
  [
    "the lag is over the limit",
    { live: { replication: { offset: 5_000 + 2 * MIB } } },
    "lag",
    "fail",
    /2\.0 MiB, limit 1\.0 MiB/,
  ],
  [
    "keys differ with no lag",
    { standby: { keyspace: new Map([[0, 99]]) } },
    "keys",
    "fail",
    /1 more or fewer/,
  ],
  [
    "keys differ by what the lag explains",
    { standby: { keyspace: new Map([[0, 99]]), replication: { offset: 4_990 } } },
    "keys",
    "pass",
    /10 bytes apart/,
  ],
  [
    "keys sit in another database",
    { standby: { keyspace: new Map([[1, 100]]) } },
    "keys",
    "fail",
    /200 more or fewer/,
  ],
  ["the backlog is small", { live: { writeRate: MIB } }, "backlog", "warn", /60\.0 MiB/],
  [
    "a stranger follows live",
    {
      live: {
        replication: {
          replicas: [1, 2].map((n) => ({
            address: { host: "10.0.0.9", port: n },
            state: "online",
            offset: 0,
          })),
        },
      },
    },
    "replicas of live",
    "warn",
    /10\.0\.0\.9:2/,
  ],
  [
    "replicas of the standby follow",
    { standbyReplicas: [true, true] },
    "replicas of standby",
    "pass",
    /2 in sync, 2 expected/,
  ],
  [
    "a replica of the standby is still copied to",
    { standbyReplicas: [true, false] },
    "replicas of standby",
    "warn",
    /1 in sync, 2 expected.*answered by the standby's primary alone/,
  ],
];

describe("a check sees that", () => {
  it.each(rows)("%s", (...row) => {
    expectRow(row);
  });

  it("a server can't be asked, and judges what can be", () => {
    const scene = facts();
    const results = evaluatePreflight({
      ...scene,
      standby: { ...scene.standby!, observed: { unreachable: "x: connect: ECONNREFUSED" } },
    });
    expect(results.find(({ name }) => name === "green reachable")).toMatchObject({ outcome: "fail" });
    expect(results.some(({ name }) => name === "write test")).toBe(true);
    expect(results.some(({ name }) => name === "lag")).toBe(false);
  });

  it("there is only a live colour", () => {
    const { input, live } = facts();
    const { live: target, guardrails, pathPrefix } = input;
    const results = evaluatePreflight({
      input: { live: target, guardrails, pathPrefix, standbyDeployed: false, cutover: false },
      replicationPassword: "wanted",
      live: { ...live },
    });
    const names = results.map(({ name }) => name);
    expect(names).toContain("write test");
    expect(names).not.toContain("rollback");
  });
});
