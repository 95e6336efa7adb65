import type { ChainableCommander, Redis } from "ioredis";
import { keyspaceOf, RedisServerError, type RedisServer } from "../redisServer.ts";
import { formatAddress } from "../address.ts";
import { infoNumber, parseInfo } from "../infoReply.ts";
import { atLeast, type ServerVersion } from "../serverVersion.ts";

/** A key by its database; keys are bytes, not text. */
export interface DatabaseKey {
  database: number;
  key: Buffer;
}

/** One command of a batch; the first word is its name. */
export type Command = readonly [string, ...(string | number | Buffer)[]];

/** A reply with every string as bytes. */
export type Reply = Buffer | number | null | Reply[];

const COMMAND_TIMEOUT_MS = 30_000;

/**
 * A connection of its own for reading a whole dataset: it changes databases, which must not happen to the connection
 * that the cutover uses.
 */
export class DatasetReader {
  readonly server: RedisServer;
  readonly version: ServerVersion;
  /** PEXPIRETIME tells the exact expiry: Redis 7.0+, Valkey. */
  readonly knowsExpiryTime: boolean;
  /** Fields of hashes can expire: Redis 7.4+, Valkey 9+. */
  readonly knowsFieldExpiry: boolean;
  readonly #connection: Redis;
  #database = 0;

  private constructor(server: RedisServer, version: ServerVersion, connection: Redis) {
    this.server = server;
    this.version = version;
    this.knowsExpiryTime = version.product === "valkey" || atLeast(version.version, "7.0");
    this.knowsFieldExpiry = atLeast(version.version, version.product === "valkey" ? "9.0" : "7.4");
    this.#connection = connection;
  }

  /** Opens the connection with the server's own login. */
  static async open(server: RedisServer): Promise<DatasetReader> {
    const version = await server.version();
    const connection = server.client.duplicate({ commandTimeout: COMMAND_TIMEOUT_MS });
    connection.on("error", () => undefined);
    const reader = new DatasetReader(server, version, connection);
    try {
      await connection.connect();
      // From 7.2 on, so that reading every key doesn't make every key look recently used; older ones refuse it.
      await connection.call("CLIENT", "NO-TOUCH", "on").catch(() => undefined);
    } catch (error) {
      connection.disconnect();
      throw reader.#failure(error);
    }
    return reader;
  }

  close(): void {
    this.#connection.disconnect();
  }

  /** Sends commands to one database in one go. A command's own error becomes an `Error` in its place. */
  async batch(database: number, commands: readonly Command[]): Promise<(Reply | Error)[]> {
    if (commands.length === 0) return [];
    const pipeline: ChainableCommander = this.#connection.pipeline();
    const select = database !== this.#database;
    if (select) pipeline.select(database);
    for (const [name, ...args] of commands) pipeline.callBuffer(name, args);
    let replies: [error: Error | null, result: unknown][] | null;
    try {
      replies = await pipeline.exec();
    } catch (error) {
      throw this.#failure(error);
    }
    const results = (replies ?? []).map(([error, reply]) =>
      error ? this.#failure(error) : (reply as Reply),
    );
    if (!select) return results;
    const [selected, ...rest] = results;
    if (selected instanceof Error) throw selected;
    this.#database = database;
    return rest;
  }

  /** One command, whose error is thrown. */
  async read(database: number, ...command: Command): Promise<Reply> {
    const [reply] = await this.batch(database, [command]);
    if (reply instanceof Error) throw reply;
    return reply ?? null;
  }

  /** Every key of a database, in chunks; a key may come twice where the server resizes its table. */
  async *scan(database: number, count = 1_000): AsyncGenerator<Buffer[]> {
    let cursor = "0";
    do {
      const [next, keys] = (await this.read(database, "SCAN", cursor, "COUNT", count)) as [Buffer, Buffer[]];
      cursor = next.toString();
      if (keys.length > 0) yield keys;
    } while (cursor !== "0");
  }

  /** Keys in each database. */
  async keyspace(): Promise<ReadonlyMap<number, number>> {
    return keyspaceOf(parseInfo(String(await this.read(this.#database, "INFO", "keyspace"))));
  }

  /** Databases with hashes that hold expiring fields; reading those costs one more command for each chunk. */
  async databasesWithFieldExpiry(): Promise<ReadonlySet<number>> {
    const databases = new Set<number>();
    if (!this.knowsFieldExpiry) return databases;
    const info = parseInfo(String(await this.read(this.#database, "INFO", "keyspace")));
    for (const [name, value] of info) {
      const figures = parseInfo(value.replaceAll("=", ":").replaceAll(",", "\n"));
      const hashes = infoNumber(figures, "subexpiry") + infoNumber(figures, "keys_with_volatile_items");
      if (name.startsWith("db") && hashes > 0) databases.add(Number(name.slice(2)));
    }
    return databases;
  }

  #failure(error: unknown): RedisServerError {
    const reason = error instanceof Error ? error.message : String(error);
    return new RedisServerError(`${formatAddress(this.server.address)}: ${reason || "connection closed"}`);
  }
}
