import { atLeast, type ServerVersion } from "../serverVersion.ts";

/** What a command can do to the replication stream: `write` commands are sent to replicas, `read` ones never. */
export type CommandEffect = "write" | "read";

/** A command that a server does not know. */
export interface UnknownCommand {
  /** As in INFO commandstats, without the prefix: lower case, `container|subcommand` from Redis 7.0 on. */
  name: string;
  effect: CommandEffect;
}

interface Release {
  version: string;
  write: readonly string[];
  read: readonly string[];
}

/**
 * Data commands by the release that brought them, from COMMAND DOCS (`since`) and COMMAND (flags `write` and
 * `may_replicate`) of the servers themselves. Commands that touch no data (CLIENT, CONFIG, COMMAND …) are left out:
 * neither the data nor an application depends on them.
 */
const REDIS: readonly Release[] = [
  {
    version: "6.2",
    write: [
      "blmove",
      "copy",
      "geosearchstore",
      "getdel",
      "getex",
      "lmove",
      "xautoclaim",
      "xgroup|createconsumer",
      "zdiffstore",
      "zrangestore",
    ],
    read: ["geosearch", "hrandfield", "smismember", "zdiff", "zinter", "zmscore", "zrandmember", "zunion"],
  },
  {
    version: "7.0",
    write: [
      "blmpop",
      "bzmpop",
      "fcall",
      "function|delete",
      "function|flush",
      "function|load",
      "function|restore",
      "lmpop",
      "spublish",
      "zmpop",
    ],
    read: [
      "eval_ro",
      "evalsha_ro",
      "expiretime",
      "fcall_ro",
      "lcs",
      "pexpiretime",
      "sintercard",
      "sort_ro",
      "ssubscribe",
      "zintercard",
    ],
  },
  {
    version: "7.4",
    write: ["hexpire", "hexpireat", "hpersist", "hpexpire", "hpexpireat"],
    read: ["hexpiretime", "hpexpiretime", "hpttl", "httl"],
  },
  {
    version: "8.0",
    write: ["hgetdel", "hgetex", "hsetex", "vadd", "vrem", "vsetattr"],
    read: ["vcard", "vdim", "vemb", "vgetattr", "vinfo", "vismember", "vlinks", "vrandmember", "vsim"],
  },
  { version: "8.2", write: ["xackdel", "xdelex"], read: [] },
  { version: "8.4", write: ["delex", "msetex"], read: ["digest", "vrange"] },
  { version: "8.6", write: ["xcfgset", "xidmprecord"], read: [] },
];

/** Valkey's own releases; it starts from the commands of Redis 7.2. */
const VALKEY: readonly Release[] = [
  {
    version: "9.0",
    write: ["delifeq", "hexpire", "hexpireat", "hgetex", "hpersist", "hpexpire", "hpexpireat", "hsetex"],
    read: ["hexpiretime", "hpexpiretime", "hpttl", "httl"],
  },
  { version: "9.1", write: ["hgetdel", "msetex"], read: ["clusterscan"] },
];

/** The release of Redis that Valkey was forked from. */
const VALKEY_BASE = "7.2";

const ALL: ReadonlyMap<string, CommandEffect> = new Map(
  [...REDIS, ...VALKEY].flatMap(({ write, read }) => [
    ...write.map((name) => [name, "write"] as const),
    ...read.map((name) => [name, "read"] as const),
  ]),
);

/** Modules name their commands `module.command`; no command of the servers' own has a dot. */
const MODULE_COMMAND = /^[a-z]+\d*\./;

/**
 * The commands among `names` that `server` does not know, sorted. A command that no table names is older than Redis
 * 6.2 or touches no data; a module's command (with a dot: `json.set`) counts as unknown and as a write, because what
 * the other server has loaded can't be told from a name.
 */
export function commandsUnknownTo(server: ServerVersion, names: Iterable<string>): UnknownCommand[] {
  const known = commandsAddedUpTo(server);
  const unknown: UnknownCommand[] = [];
  for (const name of names) {
    const effect = MODULE_COMMAND.test(name) ? "write" : ALL.get(name);
    if (effect !== undefined && !known.has(name)) unknown.push({ name, effect });
  }
  return unknown.sort((a, b) => a.name.localeCompare(b.name));
}

function commandsAddedUpTo(server: ServerVersion): ReadonlySet<string> {
  const redisVersion = server.product === "redis" ? server.version : VALKEY_BASE;
  const valkeyVersion = server.product === "valkey" ? server.version : "0";
  const releases = [
    ...REDIS.filter(({ version }) => atLeast(redisVersion, version)),
    ...VALKEY.filter(({ version }) => atLeast(valkeyVersion, version)),
  ];
  return new Set(releases.flatMap(({ write, read }) => [...write, ...read]));
}
