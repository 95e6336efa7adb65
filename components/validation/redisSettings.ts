import { describeKind, either, hasControlCharacters, quote } from "./describe.ts";
import { nearestName } from "./nearestName.ts";
import type { Finding } from "./problem.ts";
import { describeRange, isObject, isWithin, type Section } from "./section.ts";

const MIB = 1024 * 1024;

/** The fence adds 1,000,000 to the user's value, so that a server itself says whether it is closed. */
const MIN_REPLICAS = { min: 0, max: 1_000 };

/** Seconds; with 0 Redis doesn't look at `min-replicas-to-write`, which closes a colour. */
const MAX_LAG = { min: 1, max: 3_600 };

/** Settings that are one of a few words, which some version takes (docs, and measured: Redis 6.0 to 8.6, Valkey 9.1). */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  "maxmemory-policy": [
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-lrm",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-lrm",
    "volatile-random",
    "volatile-ttl",
  ],
  appendfsync: ["always", "everysec", "no"],
  loglevel: ["debug", "verbose", "notice", "warning", "nothing"],
};

/** How much of a container's memory the data may take; the rest is for buffers and the copy that a save makes. */
const MAXMEMORY_SHARE = 0.9;

/** What this project sets itself, with what to do instead; a name that ends in `*` stands for all that begin so. */
const OWNED: readonly [names: string, cure: string][] = [
  ["port bind unixsocket protected-mode", "remove it; where clients connect is set by endpoint"],
  ["tls-*", "remove it; TLS is not yet available"],
  ["dir dbfilename appendfilename appenddirname", "remove it; the data stays in the deployment's volume"],
  ["appendonly", "remove it and set persistence to rdb or aof"],
  [
    "replicaof slaveof replica-read-only slave-read-only replica-announce-* slave-announce-* replica-announced repl-diskless-load",
    "remove it; who follows whom is set by live",
  ],
  [
    "masterauth masteruser primaryauth primaryuser requirepass user aclfile",
    "remove it; users and passwords are set by auth",
  ],
  ["rename-command", "remove it; the commands are needed by their names, and users are limited by ACLs"],
  ["min-slaves-to-write", "write min-replicas-to-write instead"],
  ["min-slaves-max-lag", "write min-replicas-max-lag instead"],
  [
    "replica-serve-stale-data slave-serve-stale-data",
    "remove it; a standby has to answer before it is in sync, and gets no readers then",
  ],
  ["cluster-*", "remove it; cluster mode is not available"],
  ["include daemonize supervised pidfile logfile", "remove it; the container starts and logs by itself"],
];

/** Reads `redis`: lines of redis.conf by name. @param memory the container's limit in MiB */
export function readRedisSettings(section: Section, memory: number): Record<string, string> {
  const given = section.raw("redis");
  const names = isObject(given) ? Object.keys(given) : [];
  const settings = section.section("redis", names.length > 0 ? names : ["maxmemory-policy"]);
  const resolved: Record<string, string> = {};
  for (const name of names) {
    const value = settings.raw(name);
    if (value === undefined) continue;
    const text = conf(value);
    const finding =
      nameFinding(name) ?? valueFinding(value, text) ?? limitFinding(name, text ?? "", memory, section);
    if (finding !== undefined) settings.refuse(name, finding);
    else if (text !== undefined) resolved[name] = text;
  }
  return resolved;
}

/** A value as redis.conf has it: yes and no for true and false, quotes for nothing; undefined where it can't be one. */
function conf(value: unknown): string | undefined {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (value === "") return '""';
  return typeof value === "string" ? value : undefined;
}

function nameFinding(name: string): Finding | undefined {
  if (!/^[a-z][a-z0-9-]{0,79}$/.test(name)) {
    return {
      found: "not the name of a setting",
      allowed: "named as in redis.conf, in lower case",
      cure: "correct the name",
    };
  }
  const cure = OWNED.find(([names]) => names.split(" ").some((owned) => matches(name, owned)))?.[1];
  if (cure === undefined) return undefined;
  // The value stays out of the message: it may be a password.
  return { found: "a setting that this project makes itself", allowed: "left out", cure };
}

function matches(name: string, owned: string): boolean {
  return owned.endsWith("*") ? name.startsWith(owned.slice(0, -1)) : name === owned;
}

function valueFinding(value: unknown, text: string | undefined): Finding | undefined {
  if (text !== undefined && text.length <= 1_000 && !hasControlCharacters(text)) return undefined;
  return {
    found: text === undefined ? describeKind(value) : "too long or of several lines",
    allowed: "text on one line, a number, true or false",
    cure: "write the value as it stands in redis.conf",
  };
}

function limitFinding(name: string, value: string, memory: number, section: Section): Finding | undefined {
  if (name === "min-replicas-to-write" && (value === "" || !isWithin(Number(value), MIN_REPLICAS))) {
    return {
      found: quote(value),
      allowed: describeRange(MIN_REPLICAS),
      cure: "set a smaller number; 1,000,000 is added to it while the colour is closed to clients",
    };
  }
  if (name === "min-replicas-max-lag" && !isWithin(Number(value), MAX_LAG)) {
    return {
      found: quote(value),
      allowed: `${describeRange(MAX_LAG)} seconds`,
      cure: "set another number; with 0 the server would take writes while it is closed to clients",
    };
  }
  return name === "maxmemory" ? maxmemoryFinding(value, memory, section) : wordFinding(name, value);
}

/** A server that is started with another word ends at once, again and again. */
function wordFinding(name: string, value: string): Finding | undefined {
  const words = WORDS[name];
  const word = value.replace(/^(["'])(.*)\1$/, "$2").toLowerCase();
  if (words === undefined || words.includes(word)) return undefined;
  const meant = nearestName(word, words);
  return {
    found: quote(value),
    allowed: either(words),
    cure: meant === undefined ? "set one of these" : `write ${meant}`,
  };
}

function maxmemoryFinding(value: string, memory: number, section: Section): Finding | undefined {
  const bytes = parseMemory(value);
  const most = Math.floor(memory * MAXMEMORY_SHARE);
  if (bytes === undefined) {
    return {
      found: quote(value),
      allowed: `a size such as "${most}mb"`,
      cure: "write a whole number with or without one of the units kb, mb and gb",
    };
  }
  if (bytes <= most * MIB) return undefined;
  const enough = Math.ceil(bytes / MIB / MAXMEMORY_SHARE);
  return {
    found: `${quote(value)}, too much for a memory limit of ${memory} MiB`,
    allowed: `at most "${most}mb", 90 % of the limit, as buffers and saves need the rest`,
    cure: `lower it, or set ${section.pathOf("memory")} to ${enough}`,
  };
}

/** A size as redis.conf has it, in bytes: `1k` is 1,000 and `1kb` 1,024. */
function parseMemory(text: string): number | undefined {
  const match = /^(\d{1,15})(b|kb?|mb?|gb?)?$/i.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] ?? "b").toLowerCase();
  const power = "bkmg".indexOf(unit.charAt(0));
  return Number(match[1]) * (unit.length === 2 ? 1024 : 1000) ** power;
}
