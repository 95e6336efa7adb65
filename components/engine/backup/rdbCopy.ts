import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress } from "../address.ts";
import type { Login } from "../credentials.ts";
import { infoNumber } from "../infoReply.ts";
import type { RedisServer } from "../redisServer.ts";
import { until } from "../until.ts";
import { BackupError } from "./backupError.ts";
import { datasetCountsOf, type DatasetCounts } from "./datasetCounts.ts";
import { RdbInspector, type RdbFacts } from "./rdbInspector.ts";
import { ReplicationStream } from "./replicationStream.ts";

/** How an RDB is taken. */
export interface RdbCopyOptions {
  /** For everything, waiting for other background saves included. Default 10 minutes. */
  timeoutMs?: number;
  /**
   * `disk` (default): the server saves to its own disk first and starts at once, whatever
   * `repl-diskless-sync-delay` says. `diskless`: straight to the socket, for a server that can't write to its disk;
   * starts only after that delay, and needs `repl-diskless-sync yes`.
   */
  transfer?: "disk" | "diskless";
}

/** A copy of a server's dataset in a file of this machine. */
export interface RdbCopy extends RdbFacts {
  file: string;
  /** The point of the replication history that the copy holds, in bytes. */
  offset: number;
  replid: string;
  /** Counts right before the copy's instant, and after the transfer. */
  before: DatasetCounts;
  after: DatasetCounts;
}

/** The server has another save running; try again when it ended. */
class Busy extends Error {}

const POLL_MS = 50;

/**
 * Takes an RDB over the network by asking for a full synchronisation, as `redis-cli --rdb` does, and leaves no
 * replica behind. The file appears under its name only when it is complete, checked and on disk, with mode 0600.
 * The login needs `psync`, `replconf`, `client`, `info`, no key. Works on a master, fenced or not, and on a replica
 * whose link is up.
 * @throws BackupError also where another replica waits for its own full synchronisation: this copy would release
 *   it, and a waiting one may have been stopped on purpose so that its data is not replaced
 */
export async function copyRdb(
  server: RedisServer,
  login: Login,
  file: string,
  options: RdbCopyOptions = {},
): Promise<RdbCopy> {
  const timeoutMs = options.timeoutMs ?? 600_000;
  const deadline = new Deadline(timeoutMs);
  const transfer = options.transfer ?? "disk";
  for (;;) {
    await idleChild(server, deadline);
    try {
      return await attempt(server, login, file, transfer, deadline);
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      await delay(POLL_MS);
    }
  }
}

async function attempt(
  server: RedisServer,
  login: Login,
  file: string,
  transfer: "disk" | "diskless",
  deadline: Deadline,
): Promise<RdbCopy> {
  const stream = await ReplicationStream.open(server.address, deadline.signal);
  let clientId: string | undefined;
  try {
    clientId = await introduce(stream, login, server, transfer);
    const before = await countsUnlessWaiting(server);
    const start = await startOf(stream, server, transfer);
    const facts = await store(stream, await headerOf(stream), file);
    stream.close();
    await detached(server, clientId, deadline);
    return { file, ...facts, ...start, before, after: datasetCountsOf(await server.info()) };
  } catch (error) {
    stream.close();
    // The first error is the one to tell; this only makes sure that a retry doesn't meet the old connection.
    if (clientId !== undefined) await detached(server, clientId, deadline).catch(() => undefined);
    throw error;
  }
}

/** Logs in and says what this is; returns the connection's id by which the server's lists are searched later. */
async function introduce(
  stream: ReplicationStream,
  login: Login,
  server: RedisServer,
  transfer: "disk" | "diskless",
): Promise<string> {
  const must = async (what: string, ...words: string[]): Promise<string> => {
    const reply = await stream.command(...words);
    if (reply.startsWith("-"))
      throw new BackupError(`${formatAddress(server.address)}: ${what}: ${reply.slice(1)}`);
    return reply;
  };
  await must("login", "AUTH", login.username, login.password ?? "nopass");
  const id = await must("CLIENT ID", "CLIENT", "ID");
  // 7.0+: the server ends the connection after the RDB and never counts it as a replica that holds writes.
  await stream.command("REPLCONF", "rdb-only", "1");
  // Valkey 9 writes an older RDB format for a replica that doesn't say that it is as new as itself.
  const { product, version } = await server.version();
  if (product === "valkey") await stream.command("REPLCONF", "version", version);
  if (transfer === "diskless") await must("REPLCONF", "REPLCONF", "capa", "eof");
  return id.slice(1);
}

/**
 * A save for one replica serves all that wait for one, so that a link held back by a long
 * `repl-diskless-sync-delay` would get the full copy that it must not get (seen on 6.0 to 8.0 and Valkey 8.1).
 */
async function countsUnlessWaiting(server: RedisServer): Promise<DatasetCounts> {
  const info = await server.info();
  const waiting = [...info].find(
    ([name, value]) => /^slave\d+$/.test(name) && value.includes("state=wait_bgsave"),
  );
  if (waiting !== undefined) {
    throw new BackupError(
      `${formatAddress(server.address)}: a replica (${waiting[1]}) waits for a full synchronisation, and a copy taken ` +
        "now would start it; cut that replica's link (REPLICAOF NO ONE on it) or let it finish, then try again",
    );
  }
  return datasetCountsOf(info);
}

async function startOf(
  stream: ReplicationStream,
  server: RedisServer,
  transfer: "disk" | "diskless",
): Promise<{ replid: string; offset: number }> {
  stream.send("PSYNC", "?", "-1");
  let reply = await stream.line();
  while (reply === "") {
    // Without the EOF capability a save starts within the command, unless another child process is running; the
    // server would then wait for that child and for the diskless delay.
    if (transfer === "disk") throw new Busy();
    reply = await stream.line();
  }
  const [, replid, offset] = /^\+FULLRESYNC (\S+) (\d+)/.exec(reply) ?? [];
  if (replid === undefined) throw refusal(server, reply);
  return { replid, offset: Number(offset) };
}

function refusal(server: RedisServer, reply: string): BackupError {
  const cure = reply.startsWith("-NOMASTERLINK")
    ? "; it is a replica whose link is down: bring the link up, or promote it, then try again"
    : "";
  return new BackupError(
    `${formatAddress(server.address)}: refuses to send its data: ${reply.slice(1)}${cure}`,
  );
}

async function headerOf(stream: ReplicationStream): Promise<string> {
  for (;;) {
    const line = await stream.line();
    if (line.startsWith("-")) throw new BackupError(`the server could not save its data: ${line.slice(1)}`);
    if (line !== "") return line;
  }
}

async function store(stream: ReplicationStream, header: string, file: string): Promise<RdbFacts> {
  const partial = `${file}.partial`;
  const inspector = new RdbInspector();
  try {
    await rm(partial, { force: true });
    const handle = await open(partial, "wx", 0o600);
    try {
      for await (const chunk of stream.body(header)) {
        inspector.update(chunk);
        await handle.writeFile(chunk);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    const facts = inspector.finish();
    await rename(partial, file);
    await syncDirectory(dirname(file));
    return facts;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Makes a rename last: the name is in the directory, not in the file. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits until no save and no AOF rewrite runs. */
async function idleChild(server: RedisServer, deadline: Deadline): Promise<void> {
  const probe = async (): Promise<true | undefined> => {
    const info = await server.info("persistence");
    const running = infoNumber(info, "rdb_bgsave_in_progress") + infoNumber(info, "aof_rewrite_in_progress");
    return running === 0 ? true : undefined;
  };
  const what = `${formatAddress(server.address)}: no other save or AOF rewrite runs`;
  await until(probe, { timeoutMs: deadline.remainingMs(), intervalMs: POLL_MS, what });
}

/** Waits until the server no longer counts the connection among its replicas. */
async function detached(server: RedisServer, clientId: string, deadline: Deadline): Promise<void> {
  const probe = async (): Promise<true | undefined> => {
    const replicas = String(await server.call("CLIENT", "LIST", "TYPE", "replica"));
    return replicas.split("\n").some((line) => line.startsWith(`id=${clientId} `)) ? undefined : true;
  };
  const what = `${formatAddress(server.address)}: the copy's connection is no replica any more`;
  await until(probe, { timeoutMs: deadline.remainingMs(), intervalMs: POLL_MS / 10, what });
}

/** One point in time for everything that a copy waits for. */
class Deadline {
  readonly signal: AbortSignal;
  readonly #end: number;

  constructor(timeoutMs: number) {
    this.signal = AbortSignal.timeout(timeoutMs);
    this.#end = performance.now() + timeoutMs;
  }

  remainingMs(): number {
    return Math.max(0, Math.ceil(this.#end - performance.now()));
  }
}
