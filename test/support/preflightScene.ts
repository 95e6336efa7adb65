import { expect } from "vitest";
import type { DeploymentTarget } from "../../components/engine/deploymentTarget.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import type { CheckResult } from "../../components/engine/preflight/checkResult.ts";
import type { PreflightFacts } from "../../components/engine/preflight/facts.ts";
import { evaluatePreflight } from "../../components/engine/preflight/runPreflight.ts";
import type { AttachedReplica } from "../../components/engine/replicationState.ts";
import type { ServerSnapshot } from "../../components/engine/preflight/snapshot.ts";

/** Bytes in a MiB. */
export const MIB = 1024 * 1024;

const INFO = {
  aof_enabled: "0",
  aof_last_bgrewrite_status: "ok",
  aof_last_write_status: "ok",
  config_file: "/data/redis.conf",
  loading: "0",
  maxmemory: "0",
  maxmemory_policy: "noeviction",
  number_of_cached_scripts: "0",
  number_of_functions: "0",
  rdb_changes_since_last_save: "3",
  rdb_last_bgsave_status: "ok",
  repl_backlog_active: "1",
  unexpected_error_replies: "0",
  total_system_memory: String(1024 * MIB),
  used_memory: String(10 * MIB),
};

/** The gate of a live colour. */
export const OPEN_GATE = {
  proxyOn: true,
  fenced: false,
  minReplicas: 0,
  replicationUser: true,
  runId: "run",
};

/** What differs from a healthy server. */
type Overrides = Partial<Omit<ServerSnapshot, "info" | "replication">> & {
  info?: Partial<typeof INFO>;
  replication?: Partial<ServerSnapshot["replication"]>;
};

function snapshot(
  version: string,
  base: ServerSnapshot["replication"],
  overrides: Overrides,
): ServerSnapshot {
  return {
    version: { product: "redis", version },
    keyspace: new Map([[0, 100]]),
    gate: OPEN_GATE,
    clients: { application: 4, blocked: 0 },
    commands: new Set(["get", "set"]),
    modules: [],
    users: ["default"],
    config: new Map([["repl-backlog-size", String(MIB)]]),
    writeRate: 1_000,
    denied: [],
    ...overrides,
    info: new Map(Object.entries({ ...INFO, ...overrides.info })),
    replication: { ...base, ...overrides.replication },
  };
}

const history = { replid: "a", replid2: "0", secondOffset: -1, offset: 5_000 };

function target(colour: "blue" | "green", version: string, external = false): DeploymentTarget {
  const port = colour === "blue" ? 16_379 : 16_479;
  return {
    colour,
    product: "redis",
    version,
    primary: { operator: { host: "127.0.0.1", port }, peer: { host: `redis-${colour}-0`, port: 6379 } },
    replicas: [],
    external,
  };
}

/** What differs from a healthy pair. */
export interface Scene {
  live?: Overrides;
  standby?: Overrides;
  input?: Partial<PreflightFacts["input"]>;
  external?: boolean;
  /** What stands between an existing server and the other colour. */
  noLinkBecause?: string;
  /** What the existing server answered to the clients' login. */
  applicationRefused?: string;
  /** Whether each replica that green is to have is in sync. */
  standbyReplicas?: boolean[];
}

/** Blue 7.0 is live and green 8.0 in sync behind it, but for what the scene says. */
export function facts(scene: Scene = {}): PreflightFacts {
  const { live = {}, standby = {}, input = {}, external = false, noLinkBecause, applicationRefused } = scene;
  const { standbyReplicas = [] } = scene;
  const [blue, green] = [target("blue", "7.0", external), target("green", "8.0")];
  green.replicas = standbyReplicas.map(() => green.primary);
  const attachedAs = (state: string): AttachedReplica => ({
    address: { host: "172.18.0.3", port: 6379 },
    state,
    offset: 5_000,
  });
  return {
    input: {
      live: blue,
      standby: green,
      standbyDeployed: true,
      cutover: true,
      guardrails: DEFAULT_GUARDRAILS,
      pathPrefix: "config:",
      ...input,
    },
    ...(noLinkBecause === undefined ? {} : { noLinkBecause }),
    replicationPassword: "wanted",
    live: {
      target: blue,
      ...(applicationRefused === undefined ? {} : { applicationRefused }),
      observed: snapshot(
        "7.0.15",
        {
          ...history,
          role: "master",
          linkUp: false,
          syncInProgress: false,
          replicas: [attachedAs("online")],
        },
        { writeTest: { accepted: true, answer: "accepted" }, ...live },
      ),
    },
    standby: {
      target: green,
      observed: snapshot(
        "8.0.2",
        {
          ...history,
          role: "replica",
          following: blue.primary.peer,
          linkUp: true,
          syncInProgress: false,
          replicas: standbyReplicas.map((inSync) => attachedAs(inSync ? "online" : "send_bulk")),
        },
        { gate: { ...OPEN_GATE, proxyOn: false }, ...standby },
      ),
    },
  };
}

/** The worst result of the check of that name. */
export function find(scene: Scene, name: string): CheckResult | undefined {
  const found = evaluatePreflight(facts(scene)).filter((result) => result.name === name);
  return found.find(({ outcome }) => outcome !== "pass") ?? found[0];
}

/** What is wrong, the check that sees it, its outcome, and a part of what it says. */
export type Row = [string, Scene, string, CheckResult["outcome"], RegExp];

/** Expects the row's check to see what the row says. */
export function expectRow([, scene, name, outcome, text]: Row): void {
  const result = find(scene, name);
  expect(result?.outcome).toBe(outcome);
  expect([result?.figure, result?.cure].join(" ")).toMatch(text);
}
