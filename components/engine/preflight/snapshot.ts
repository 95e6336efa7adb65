import { randomUUID } from "node:crypto";
import { setTimeout as elapse } from "node:timers/promises";
import { witnessOf, type Witness } from "../compatibility/wayBack.ts";
import { withLingering } from "../fed.ts";
import { readGate, type Gate } from "../gate.ts";
import { infoNumber, parseInfo, type InfoFields } from "../infoReply.ts";
import { RedisServerError, isForbidden, type RedisServer } from "../redisServer.ts";
import { keyspaceOf, type Keyspace } from "../keyspace.ts";
import { replicationStateOf, type ReplicationState } from "../replicationState.ts";
import { atLeast } from "../serverVersion.ts";
import { PROXY_USER, REPLICATION_USER } from "../users.ts";
import { summariseClients, type ClientSummary } from "./clientSummary.ts";
import { CHECKED_SETTINGS } from "./settings.ts";

/**
 * What one server looked like, gathered without changing anything on it. Its INFO is from one call, so that offset and
 * key counts belong to the same moment.
 */
export interface ServerSnapshot extends Witness {
  replication: ReplicationState;
  keyspace: Keyspace;
  gate: Gate;
  clients: ClientSummary;
  /** Names of the loaded modules; Redis 8 lists its own vector sets as one. */
  modules: string[];
  /** Names of the ACL users. */
  users: string[];
  /** With what clients log in; absent where the login of this project may not ask, or there is no such user. */
  application?: LoginUser;
  /** What replicas log in with; absent as above. */
  replicaUser?: LoginUser;
  /** The directives of `DIRECTIVES` that the server knows. */
  config: ReadonlyMap<string, string>;
  /** Bytes that writes add to the replication stream per second, measured over a quarter of a second. */
  writeRate: number;
  /** Commands that the operator's login may not run. */
  denied: string[];
  /** What a write that can't change anything was answered; absent where none was tried. */
  writeTest?: { accepted: boolean; answer: string };
}

/** Who may log in, and how. Whether the user is on doesn't count: the clients' is off while the bridge feeds the server. */
export interface LoginUser {
  name: string;
  /** Any password gets in. */
  nopass: boolean;
  /** SHA-256 of each. */
  passwords: string[];
}

const DIRECTIVES = ["appendonly", "repl-backlog-size", "save", ...CHECKED_SETTINGS] as const;

/** Long enough for a rate, short enough not to be noticed in a preview. */
const SAMPLE_MS = 250;

/** What a cutover runs beside what is run here, for ACL DRYRUN (7.0 and newer), which executes nothing. */
const CUTOVER_COMMANDS: readonly (readonly string[])[] = [
  ["BGSAVE"],
  ["REPLICAOF", "NO", "ONE"],
  ["CONFIG", "SET", "min-replicas-to-write", "0"],
  ["CONFIG", "REWRITE"],
  ["CLIENT", "PAUSE", "1", "WRITE"],
  ["CLIENT", "UNPAUSE"],
  ["CLIENT", "KILL", "USER", PROXY_USER],
  ["ACL", "SETUSER", "x"],
];

/**
 * Looks at a server. Runs INFO, CONFIG GET, CLIENT LIST, ACL WHOAMI, USERS, GETUSER and DRYRUN, and where the bridge
 * feeds it, GET, HLEN, HSCAN and SCARD of what that noted.
 * @param testWrite also try `SET <random key> 1 XX`, which is refused where writes are and else changes nothing:
 * neither the key space nor `rdb_changes_since_last_save` nor the offset moves (measured: Redis 6.0.16, 7.0.15, 8.0.2,
 * Valkey 8.1.1)
 * @throws RedisServerError when the connection breaks or a deadline passes
 */
export async function takeSnapshot(
  server: RedisServer,
  { testWrite, applicationUser }: { testWrite: boolean; applicationUser: string },
): Promise<ServerSnapshot> {
  const denied: string[] = [];
  const ask = <T>(fallback: T, command: string, run: () => Promise<T>) =>
    unlessDenied(denied, fallback, command, run);

  const before = await ask("", "INFO", async () => String(await server.call("INFO")));
  const started = performance.now();
  const [gate, config, clients, users, application, replicaUser, writeTest] = await Promise.all([
    ask(
      { proxyOn: false, fenced: false, minReplicas: 0, replicationUser: false, runId: "" },
      "ACL GETUSER",
      async () => {
        const read = await readGate(server);
        return read.fed === undefined ? read : { ...read, fed: await withLingering(server, read.fed) };
      },
    ),
    ask(new Map<string, string>(), "CONFIG GET", () => server.configGet(...DIRECTIVES)),
    ask("", "CLIENT LIST", async () => String(await server.call("CLIENT", "LIST"))),
    ask([], "ACL USERS", async () => (await server.call("ACL", "USERS")) as string[]),
    ask(undefined, "ACL GETUSER", () => readUser(server, applicationUser)),
    ask(undefined, "ACL GETUSER", () => readUser(server, REPLICATION_USER)),
    testWrite ? tryWrite(server) : undefined,
    elapse(SAMPLE_MS),
  ]);
  const after = await ask("", "INFO", async () => String(await server.call("INFO", "EVERYTHING")));
  const seconds = (performance.now() - started) / 1000;

  const info = parseInfo(after);
  const witness = witnessOf(info);
  if (atLeast(witness.version.version, "7.0")) denied.push(...(await refusedForCutover(server)));
  return {
    ...witness,
    replication: replicationStateOf(info),
    keyspace: keyspaceOf(info),
    gate,
    clients: summariseClients(clients),
    modules: modulesOf(after),
    users,
    config,
    writeRate: writeRate(parseInfo(before), info, seconds),
    denied: [...new Set(denied)],
    ...(application === undefined ? {} : { application }),
    ...(replicaUser === undefined ? {} : { replicaUser }),
    ...(writeTest === undefined ? {} : { writeTest }),
  };
}

async function readUser(server: RedisServer, name: string): Promise<LoginUser | undefined> {
  const reply = (await server.call("ACL", "GETUSER", name)) as unknown[] | null;
  if (reply === null) return undefined;
  const field = (key: string): string[] => reply[reply.indexOf(key) + 1] as string[];
  return { name, nopass: field("flags").includes("nopass"), passwords: field("passwords") };
}

/** INFO has a line `module:` for each, which a map of fields can't hold. */
function modulesOf(reply: string): string[] {
  return [...reply.matchAll(/^module:name=([^,\r\n]+)/gm)].map(([, name]) => name ?? "").sort();
}

/** A server without a backlog doesn't move its offset; what it received is then an upper bound. */
function writeRate(before: InfoFields, after: InfoFields, seconds: number): number {
  const field =
    infoNumber(after, "repl_backlog_active") === 1 ? "master_repl_offset" : "total_net_input_bytes";
  return Math.max(0, infoNumber(after, field) - infoNumber(before, field)) / seconds;
}

async function tryWrite(server: RedisServer): Promise<{ accepted: boolean; answer: string }> {
  try {
    await server.call("SET", `redis-bluegreen:probe:${randomUUID()}`, "1", "XX");
    return { accepted: true, answer: "accepted" };
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return { accepted: false, answer: error.message };
  }
}

async function refusedForCutover(server: RedisServer): Promise<string[]> {
  const refused: string[] = [];
  await unlessDenied([], undefined, "ACL DRYRUN", async () => {
    const user = String(await server.call("ACL", "WHOAMI"));
    for (const command of CUTOVER_COMMANDS) {
      const answer = await server.call("ACL", "DRYRUN", user, ...command);
      if (answer !== "OK") refused.push(command.slice(0, command[0] === "REPLICAOF" ? 1 : 2).join(" "));
    }
  });
  return refused;
}

/** Notes that a command is not allowed and goes on; a connection that breaks is still an error. */
async function unlessDenied<T>(
  denied: string[],
  fallback: T,
  command: string,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!isForbidden(error)) throw error;
    denied.push(command);
    return fallback;
  }
}
