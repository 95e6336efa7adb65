import { describe, expect, it } from "vitest";
import { commandsUnknownTo } from "../../components/engine/compatibility/commandIntroduced.ts";
import {
  rollbackVerdict,
  type VerdictOptions,
} from "../../components/engine/compatibility/rollbackVerdict.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";

function server(name: string): ServerVersion {
  const [product, version] = name.split(" ") as ["redis" | "valkey", string];
  return { product, version };
}

function verdict(old: string, newer: string, commands: string[] = [], options?: VerdictOptions) {
  return rollbackVerdict(server(old), server(newer), new Set(commands), options);
}

const EVERYDAY = [
  "set",
  "get",
  "incr",
  "lpush",
  "zadd",
  "hset",
  "xadd",
  "xreadgroup",
  "xgroup|create",
  "eval",
  "fcall",
];

describe("rollbackVerdict", () => {
  it.each([
    ["redis 7.0", "redis 7.2"],
    ["redis 7.0.15", "redis 8.0.2"],
    ["redis 7.0", "redis 8.6"],
    ["redis 7.2", "redis 7.4"],
    ["redis 7.2", "redis 8.0"],
    ["redis 7.4", "redis 8.0"],
    ["redis 8.0", "redis 8.6"],
    ["redis 7.0", "valkey 8.1"],
    ["redis 7.0", "valkey 9.1"],
    ["redis 7.2", "valkey 9.1"],
    ["valkey 8.1", "valkey 9.1"],
    ["redis 6.0.16", "redis 6.0.20"],
    ["redis 9.9", "redis 9.9"],
  ])("%s <- %s is native", (old, newer) => {
    expect(verdict(old, newer, old.startsWith("redis 6") ? ["set"] : EVERYDAY).kind).toBe(
      "lossless (native)",
    );
  });

  it.each([
    ["redis 8.0", "redis 7.0"],
    ["valkey 9.1", "redis 7.0"],
    ["redis 6.2", "redis 6.0"],
  ])("%s <- %s, back to the newer one, is native and warns of nothing", (old, newer) => {
    expect(verdict(old, newer, ["set", "restore"])).toMatchObject({
      kind: "lossless (native)",
      warnings: [],
    });
  });

  it.each([
    ["redis 6.0", "redis 7.0", /PXAT.*drift/],
    ["redis 6.0", "valkey 9.1", /PXAT/],
    ["redis 6.2", "redis 8.0", /ENTRIESREAD/],
    ["redis 7.0", "redis 7.4", /not measured/],
    ["redis 7.0", "redis 9.9", /what Redis 9\.9 emits is not measured on Redis 7\.0/],
    ["redis 8.0", "valkey 9.1", /not measured/],
    ["valkey 8.1", "redis 8.0", /not measured/],
  ])("%s <- %s is a backup, with the reason", (old, newer, reason) => {
    expect(verdict(old, newer)).toMatchObject({
      kind: "backup only",
      reason: expect.stringMatching(reason) as string,
    });
  });

  it.each([
    ["redis 7.0", "redis 8.0", "hexpire"],
    ["redis 7.0", "redis 8.0", "vadd"],
    ["redis 7.4", "redis 8.0", "hsetex"],
    ["redis 8.0", "redis 8.6", "msetex"],
    ["redis 7.0", "valkey 9.1", "hgetdel"],
    ["valkey 8.1", "valkey 9.1", "delifeq"],
    ["redis 7.0", "redis 8.0", "json.set"],
  ])("%s <- %s ends with %s, which the old one does not know", (old, newer, command) => {
    const { kind, reason } = verdict(old, newer, [...EVERYDAY, command]);
    expect(kind).toBe("backup only");
    expect(reason).toContain(command.toUpperCase());
  });

  it.each([
    ["redis 7.0", "redis 8.0", "restore", "backup only"],
    ["redis 7.0", "redis 8.0", "function|restore", "backup only"],
    ["redis 8.0", "redis 8.6", "restore", "backup only"],
    ["redis 7.0", "valkey 9.1", "restore-asking", "backup only"],
    ["redis 7.4", "redis 8.0", "restore", "lossless (native)"],
    ["redis 7.0", "redis 7.0", "restore", "lossless (native)"],
  ])("%s <- %s with %s: %s, by the payload's RDB version", (old, newer, command, kind) => {
    expect(verdict(old, newer, [command]).kind).toBe(kind);
  });

  it("minds HINCRBYFLOAT from 8.6 on, where the old one does not know HSETEX", () => {
    expect(verdict("redis 7.4", "redis 8.6", ["hincrbyfloat"]).reason).toContain("HINCRBYFLOAT");
    expect(verdict("redis 8.0", "redis 8.6", ["hincrbyfloat"]).kind).toBe("lossless (native)");
    expect(verdict("redis 7.0", "redis 8.0", ["hincrbyfloat"]).kind).toBe("lossless (native)");
  });

  it("only warns of a reading command that the old one does not know", () => {
    const { kind, warnings } = verdict("redis 7.0", "redis 8.0", ["httl"]);
    expect(kind).toBe("lossless (native)");
    expect(warnings[0]).toContain("HTTL");
  });

  it("warns of options that commandstats does not show, for commands in use", () => {
    expect(verdict("redis 7.0", "valkey 9.1", ["set"]).warnings.join()).toContain("SET … IFEQ");
    expect(verdict("redis 7.0", "valkey 9.1", ["hset"]).warnings.join()).not.toContain("IFEQ");
    expect(verdict("redis 7.0", "redis 8.0", EVERYDAY).warnings.join()).not.toContain("options");
  });

  it("warns that a full copy can't go back, and of AOF", () => {
    expect(verdict("redis 7.0", "redis 8.0").warnings.join()).toContain("full copy");
    expect(verdict("redis 7.4", "redis 8.0").warnings).toEqual([]);
    expect(verdict("redis 7.4", "redis 8.0", [], { oldKeepsAof: true }).warnings.join()).toContain(
      "append-only",
    );
  });

  it("is a backup where the old server can't be made to follow, whatever the versions", () => {
    expect(verdict("redis 8.0", "redis 8.0", [], { noLinkBecause: "it can't reach green" })).toEqual({
      kind: "backup only",
      reason: "it can't reach green",
      warnings: [],
    });
  });
});

describe("commandsUnknownTo", () => {
  const names = (version: string, commands: string[]) =>
    commandsUnknownTo(server(version), commands).map(({ name }) => name);

  it("goes by the release that brought a command", () => {
    expect(names("redis 6.0", ["get", "getex", "lmpop", "xgroup|createconsumer"])).toEqual([
      "getex",
      "lmpop",
      "xgroup|createconsumer",
    ]);
    expect(names("redis 6.2", ["getex", "lmpop"])).toEqual(["lmpop"]);
    expect(names("redis 8.6", ["hexpire", "xdelex", "delex", "vadd"])).toEqual([]);
  });

  it("knows that Valkey has Redis 7.2's commands, its own, and none of Redis 7.4's", () => {
    expect(names("valkey 8.1", ["lmpop", "hexpire"])).toEqual(["hexpire"]);
    expect(names("valkey 9.0", ["hexpire", "hgetdel", "vadd"])).toEqual(["hgetdel", "vadd"]);
    expect(names("redis 8.6", ["delifeq"])).toEqual(["delifeq"]);
  });

  it("leaves commands that touch no data alone", () => {
    expect(names("redis 6.0", ["client|setinfo", "command|docs", "config|get", "acl|dryrun"])).toEqual([]);
  });
});
