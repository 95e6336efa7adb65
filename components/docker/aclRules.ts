import { atLeast, type ServerVersion } from "../engine/serverVersion.ts";

/** Keys that this project itself writes, always with `SET … XX`, so that none ever comes to be. */
const OWN_KEYS = "redis-bluegreen:*";

/** From this version on a user can be limited to reading keys. */
const SELECTS_READING = "7.0";

/**
 * What an application may do: everything but administration. INFO, KEYS and SORT are in `@dangerous` and common in
 * applications. The parts of CLIENT are what client libraries call when they connect: before 7.0 the whole of CLIENT
 * is in `@admin`.
 */
export function applicationRules({ version }: ServerVersion): string {
  return [
    "~*",
    // Redis 6.0 has no rules for channels: every user may use them all.
    ...(atLeast(version, "6.2") ? ["&*"] : []),
    "+@all -@admin -@dangerous",
    "+info +sort +keys",
    ...(atLeast(version, "7.0") ? ["+sort_ro"] : []),
    "+client|setname +client|getname +client|id",
  ].join(" ");
}

/**
 * What this project calls, and nothing else: no command that flushes or stops. It can read every key, to
 * compare the colours; it writes its own ones only, which releases before 7.0 can't tell from the others.
 *
 * `acl|setuser` and `config|set`, which a cutover is made of, could give it more: the rules guard against mistakes, and
 * the password guards the rest.
 */
export function operatorRules(server: ServerVersion): string {
  const keys = atLeast(server.version, SELECTS_READING) ? `%R~* ~${OWN_KEYS}` : "~*";
  const commands = [...INSPECTION, ...CONTROL, ...BRIDGING, ...COPYING, ...READING, ...readingOf(server)];
  return `${keys} -@all ${commands.map((command) => `+${command}`).join(" ")}`;
}

/** What a replica calls on its primary. */
export const REPLICATION_RULES = "-@all +psync +replconf +ping";

/** Connecting, preflight and the looks at role, gate and offset. `set` is the write test. */
const INSPECTION: readonly string[] = [
  "ping",
  "client|setname",
  "info",
  "config|get",
  "client|list",
  "acl|whoami",
  "acl|users",
  "acl|getuser",
  "set",
];

/** Saving, holding, fencing, promoting, following, and making it last. */
const CONTROL: readonly string[] = [
  "bgsave",
  "multi",
  "exec",
  "config|set",
  "config|rewrite",
  "acl|setuser",
  "replicaof",
  "client|pause",
  "client|kill",
];

/** What the bridge notes on a standby: read all the time, removed when clients are let in. */
const BRIDGING: readonly string[] = ["get", "del"];

/** A backup is received as a replica receives its first copy. */
const COPYING: readonly string[] = ["psync", "replconf", "client|id", "acl|list"];

/** The comparison of both colours, key for key; `dump` is for types that only a module can read. */
const READING: readonly string[] = [
  "select",
  "time",
  "scan",
  "randomkey",
  "exists",
  "type",
  "getrange",
  "lrange",
  "sscan",
  "scard",
  "zrange",
  "hscan",
  "hlen",
  "xinfo",
  "xrange",
  "xpending",
  "dump",
];

/** What is named only where the server knows it, since it refuses a configuration with an unknown command. */
function readingOf({ product, version }: ServerVersion): string[] {
  const since7 = atLeast(version, "7.0");
  return [
    ...(atLeast(version, "6.2") ? ["client|unpause"] : []),
    ...(since7 ? ["acl|dryrun", "latency|histogram", "pexpiretime"] : ["pttl"]),
    ...(atLeast(version, "7.2") ? ["client|no-touch"] : []),
    ...(atLeast(version, product === "valkey" ? "9.0" : "7.4") ? ["hpexpiretime"] : []),
  ];
}
