import { describe, it } from "vitest";
import { MIB, expectRow, type Row } from "../support/preflightScene.ts";

/** Writes, persistence, memory, clients and what the application uses. */
const rows: Row[] = [
  [
    "writes are refused",
    { live: { writeTest: { accepted: false, answer: "127.0.0.1:1: SET: MISCONF …" } } },
    "write test",
    "fail",
    /disk/,
  ],
  [
    "a save failed",
    { live: { info: { rdb_last_bgsave_status: "err" } } },
    "blue persistence",
    "fail",
    /BGSAVE/,
  ],
  [
    "AOF writes fail",
    { standby: { info: { aof_last_write_status: "err" } } },
    "green persistence",
    "fail",
    /AOF/,
  ],
  ["the data is loading", { standby: { info: { loading: "1" } } }, "green persistence", "fail", /loading/],
  [
    "there is no config file",
    { live: { info: { config_file: "" } } },
    "blue config file",
    "fail",
    /forgotten/,
  ],
  [
    "nobody knows yet whether an existing server may write its own",
    { external: true },
    "blue config file",
    "pass",
    /if it may write to it \(\/data\/redis\.conf\), which up tries first/,
  ],
  [
    "an existing server has no config file",
    { external: true, live: { info: { config_file: "" } } },
    "blue config file",
    "warn",
    /forgotten .*redis\.conf that it may write to; .*don't restart it/,
  ],
  [
    "live keeps an AOF",
    { live: { info: { aof_enabled: "1" } } },
    "append-only file",
    "warn",
    /do not restart blue/,
  ],
  [
    "live is full",
    { live: { info: { maxmemory: String(10 * MIB) } }, input: { cutover: false } },
    "blue memory",
    "fail",
    /maxmemory 10\.0 MiB/,
  ],
  [
    "live is full, and may be left for the other colour",
    { live: { info: { maxmemory: String(10 * MIB) } } },
    "blue memory",
    "warn",
    /this cutover leaves it/,
  ],
  [
    "live is full, and a rehearsal would come back to it",
    { live: { info: { maxmemory: String(10 * MIB) } }, input: { comesBack: true } },
    "blue memory",
    "fail",
    /raise maxmemory/,
  ],
  [
    "a full live colour refuses writes, and may be left",
    { live: { writeTest: { accepted: false, answer: "127.0.0.1:1: SET: OOM command not allowed …" } } },
    "write test",
    "warn",
    /this cutover leaves it/,
  ],
  [
    "a full live colour refuses writes",
    {
      live: { writeTest: { accepted: false, answer: "127.0.0.1:1: SET: OOM command not allowed …" } },
      input: { cutover: false },
    },
    "write test",
    "fail",
    /raise maxmemory/,
  ],
  [
    "a cache is full",
    { live: { info: { maxmemory: String(10 * MIB), maxmemory_policy: "allkeys-lru" } } },
    "blue memory",
    "warn",
    /evict/,
  ],
  [
    "the standby is too small",
    { standby: { info: { maxmemory: String(5 * MIB) } } },
    "green memory",
    "fail",
    /more memory/,
  ],
  [
    "the standby is too small for the data that it is to copy",
    {
      live: { info: { used_memory: String(20 * MIB) } },
      standby: { info: { maxmemory: String(12 * MIB) } },
      input: { cutover: false },
    },
    "green memory",
    "fail",
    /12\.0 MiB for 20\.0 MiB/,
  ],
  [
    "the standby needs less for the same data than live does",
    {
      live: { info: { used_memory: String(20 * MIB) } },
      standby: { info: { maxmemory: String(12 * MIB) } },
    },
    "green memory",
    "pass",
    /12\.0 MiB for 10\.0 MiB/,
  ],
  [
    "the standby is as full a cache as live is",
    {
      live: { info: { maxmemory: String(9.99 * MIB), maxmemory_policy: "allkeys-lru" } },
      standby: { info: { maxmemory: String(9.99 * MIB), maxmemory_policy: "allkeys-lru" } },
    },
    "green memory",
    "warn",
    /more memory/,
  ],
  [
    "the standby would evict a little of what live keeps",
    { standby: { info: { maxmemory: String(9.99 * MIB), maxmemory_policy: "allkeys-lru" } } },
    "green memory",
    "fail",
    /more memory/,
  ],
  [
    "the standby would evict much of the data",
    { standby: { info: { maxmemory: String(5 * MIB), maxmemory_policy: "allkeys-lru" } } },
    "green memory",
    "fail",
    /more memory/,
  ],
  [
    "a new colour has no memory for the backlog that the way back wants",
    { live: { writeRate: MIB }, input: { memoryLimits: { green: 110 * MIB } } },
    "room for a backlog",
    "warn",
    /^25\.0 MiB on green, 25 s of 1\.0 MiB\/s instead of 600 .*config:green: memory, maxmemory/,
  ],
  [
    "two datasets don't fit",
    { input: { memoryLimits: { blue: 16 * MIB } } },
    "room for two datasets",
    "warn",
    /20\.0 MiB/,
  ],
  [
    "clients bypass the proxy",
    { input: { proxySessions: 1 } },
    "clients",
    "warn",
    /3 of them not through the proxy/,
  ],
  [
    "clients block",
    { live: { clients: { application: 4, blocked: 2 } } },
    "blocked clients",
    "warn",
    /closes the connections on which they wait in BLPOP/,
  ],
  [
    "live has a user of its own",
    { live: { users: ["default", "billing", "redis-bluegreen-proxy"] } },
    "ACL users",
    "warn",
    /^billing on live only/,
  ],
  [
    "scripts run on 6.0",
    { live: { version: { product: "redis", version: "6.0.16" }, commands: new Set(["eval"]) } },
    "scripts",
    "warn",
    /min-replicas/,
  ],
  [
    "scripts are called by hash",
    { live: { commands: new Set(["evalsha"]), info: { number_of_cached_scripts: "2" } } },
    "scripts",
    "warn",
    /NOSCRIPT/,
  ],
  ["a module is missing", { live: { modules: ["ReJSON"] } }, "modules and functions", "fail", /ReJSON/],
  [
    "vector sets are built in",
    { live: { modules: ["vectorset"] } },
    "modules and functions",
    "pass",
    /no module/,
  ],
  [
    "a withdrawn command is used",
    { live: { version: { product: "redis", version: "6.2.14" }, commands: new Set(["stralgo"]) } },
    "withdrawn commands",
    "warn",
    /LCS/,
  ],
  ["the operator lacks rights", { live: { denied: ["CONFIG GET"] } }, "blue rights", "fail", /CONFIG GET/],
];

describe("a check sees that", () => {
  it.each(rows)("%s", (...row) => {
    expectRow(row);
  });
});
