import { createHash } from "node:crypto";
import { bridgeSourceRules } from "../engine/bridge/aclRules.ts";
import type { Colour } from "../engine/colour.ts";
import type { Credentials, Login } from "../engine/credentials.ts";
import type { ServerVersion } from "../engine/serverVersion.ts";
import { raisedValue } from "../engine/selfDescribing.ts";
import { BRIDGE_USER, HEALTH_USER, PROXY_USER } from "../engine/users.ts";
import type { Persistence } from "../arguments.ts";
import { applicationRules, operatorRules, REPLICATION_RULES } from "./aclRules.ts";

/** What a server's first configuration is made of. */
export interface RedisConfInput {
  colour: Colour;
  version: ServerVersion;
  /** The primary that a replica follows. */
  primary?: { host: string; port: number };
  persistence: Persistence;
  /** Settings that the user chose. */
  redis: Record<string, string>;
  credentials: Credentials;
}

/** Redis' own defaults. */
const DEFAULT_SAVES = "3600 1 300 100 60 10000";

/**
 * The configuration that a server starts with the first time. Afterwards the server keeps its own copy beside its data,
 * where CONFIG REWRITE persists role, fence and users.
 *
 * Every server is born closed: no client's write is let in, and nobody can copy from it. The traffic switch opens the
 * live one after it has looked at both. So a server that lost its volume and is made anew, empty, neither serves nor
 * wipes the replicas that would follow it.
 */
export function redisConf(input: RedisConfInput): string {
  const { credentials, persistence } = input;
  const minReplicas = Number(input.redis["min-replicas-to-write"] ?? "0");
  const settings = Object.entries(input.redis).filter(
    ([name]) => name !== "min-replicas-to-write" && name !== "save",
  );
  return [
    "port 6379",
    "protected-mode no",
    "dir /data",
    persistence === "aof" ? "appendonly yes" : "appendonly no",
    ...saveLines(input),
    // A standby that is sent a full copy keeps its data until the copy is complete and was understood.
    "repl-diskless-load swapdb",
    `min-replicas-to-write ${input.primary === undefined ? raisedValue(minReplicas) : minReplicas}`,
    `masteruser ${credentials.replication.username}`,
    `masterauth ${quote(credentials.replication.password ?? "nopass")}`,
    ...(input.primary === undefined ? [] : [`replicaof ${input.primary.host} ${input.primary.port}`]),
    ...settings.map(([name, value]) => `${name} ${value}`),
    ...users(input),
    "",
  ].join("\n");
}

/**
 * When a server saves by itself: each line adds a rule. One line with several of them is passed over in silence before 7.0,
 * and no rule is left (measured: Redis 6.0.16).
 */
function saveLines({ persistence, redis }: RedisConfInput): string[] {
  const value = redis["save"] ?? (persistence === "aof" ? undefined : DEFAULT_SAVES);
  if (value === undefined) return [];
  const words = value.trim().split(/\s+/);
  if (words.length % 2 !== 0) return [`save ${value}`];
  return words.flatMap((word, i) => (i % 2 === 0 ? [`save ${word} ${words[i + 1] ?? ""}`] : []));
}

function users({ credentials, version }: RedisConfInput): string[] {
  const { application, operator, replication } = credentials;
  const lines = [
    user(application, applicationRules(version)),
    user(operator, operatorRules(version)),
    user(replication, REPLICATION_RULES, "off"),
    user({ ...replication, username: BRIDGE_USER }, bridgeSourceRules(version), "off"),
    `user ${PROXY_USER} off nopass -@all +ping +role`,
    `user ${HEALTH_USER} on nopass -@all +ping`,
  ];
  // The user of connections that don't log in: nothing, unless the application is that user.
  if (application.username !== "default") lines.push("user default off nopass -@all");
  return lines;
}

/** A user line with the password's hash, so that no password stands in the server's file in clear. */
function user(login: Login, rules: string, state: "on" | "off" = "on"): string {
  const secret =
    login.password === undefined ? "nopass" : `#${createHash("sha256").update(login.password).digest("hex")}`;
  return `user ${login.username} ${state} ${secret} ${rules}`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, (c) => `\\${c}`)}"`;
}
