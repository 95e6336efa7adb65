import { RedisServerError, type RedisServer } from "../redisServer.ts";
import { keyspaceOf } from "../keyspace.ts";
import { formatAddress } from "../address.ts";
import { infoNumber, parseInfo, parsePairs } from "../infoReply.ts";
import { atLeast, type ServerVersion } from "../serverVersion.ts";
import { BulkConnection, type Command } from "./bulkConnection.ts";
import { ReplyError, type Reply } from "./replyParser.ts";

/** A key by its database; keys are bytes, not text. */
export interface DatabaseKey {
  database: number;
  key: Buffer;
}

const BATCH_TIMEOUT_MS = 30_000;

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
  readonly #connection: BulkConnection;
  #database = 0;

  private constructor(server: RedisServer, version: ServerVersion, connection: BulkConnection) {
    this.server = server;
    this.version = version;
    this.knowsExpiryTime = version.product === "valkey" || atLeast(version.version, "7.0");
    this.knowsFieldExpiry = atLeast(version.version, version.product === "valkey" ? "9.0" : "7.4");
    this.#connection = connection;
  }

  /** Opens the connection with the server's own login. */
  static async open(server: RedisServer): Promise<DatasetReader> {
    const version = await server.version();
    const connection = await BulkConnection.open(server.address, server.login, BATCH_TIMEOUT_MS);
    // So that reading every key doesn't make every key look recently used; older ones don't know it.
    if (atLeast(version.version, "7.2")) await connection.batch([["CLIENT", "NO-TOUCH", "on"]]);
    return new DatasetReader(server, version, connection);
  }

  close(): void {
    this.#connection.close();
  }

  /** Sends commands to one database in one go; a command's own error stands in its place. */
  async batch(database: number, commands: readonly Command[]): Promise<Reply[]> {
    if (database === this.#database) return this.#connection.batch(commands);
    const [selected, ...replies] = await this.#connection.batch([["SELECT", database], ...commands]);
    if (selected instanceof ReplyError) throw this.#failure(selected);
    this.#database = database;
    return replies;
  }

  /** One command, whose error is thrown. */
  async read(database: number, ...command: Command): Promise<Exclude<Reply, ReplyError>> {
    const [reply] = await this.batch(database, [command]);
    return this.value(reply);
  }

  /** The reply, or its error thrown with the server's name. */
  value(reply: Reply | undefined): Exclude<Reply, ReplyError> {
    if (reply instanceof ReplyError) throw this.#failure(reply);
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
      const figures = parsePairs(value);
      const hashes = infoNumber(figures, "subexpiry") + infoNumber(figures, "keys_with_volatile_items");
      if (name.startsWith("db") && hashes > 0) databases.add(Number(name.slice(2)));
    }
    return databases;
  }

  #failure(error: ReplyError): RedisServerError {
    return new RedisServerError(`${formatAddress(this.server.address)}: ${error.message}`);
  }
}
