import { Redis } from "ioredis";
import { formatAddress, type Address } from "./address.ts";
import type { Login } from "./credentials.ts";
import { parseInfo, type InfoFields } from "./infoReply.ts";
import { keyspaceOf, type Keyspace } from "./keyspace.ts";
import { messageOf } from "./messageOf.ts";
import { replicationStateOf, type ReplicationState } from "./replicationState.ts";
import type { ServerVersion } from "./serverVersion.ts";
import { OPERATOR_USER } from "./users.ts";
import { BulkConnection, type Command } from "./verification/bulkConnection.ts";
import { ReplyError, type Reply } from "./verification/replyParser.ts";

/** An error that the server answered or the connection met, with the server named; never holds a password. */
export class RedisServerError extends Error {
  override name = "RedisServerError";
}

/** Whether CONFIG REWRITE failed because the server was started without a file. */
export function isWithoutFile(error: unknown): boolean {
  return error instanceof RedisServerError && error.message.includes("without a config file");
}

/** Whether the login's rights don't cover a command, as an existing server's may not. */
export function isForbidden(error: unknown): boolean {
  return error instanceof RedisServerError && error.message.includes("NOPERM");
}

/** For the connection and for each command, unless the caller says otherwise. Milliseconds. */
const TIMEOUT_MS = 5_000;

/**
 * One Redis or Valkey server, seen by the operator. Every call has a deadline and fails rather than waits for a
 * reconnection: what the server did must be looked at again, never assumed.
 */
export class RedisServer {
  readonly address: Address;
  readonly client: Redis;
  /** Empty where users stand in the configuration; undefined until it was asked. */
  private usersFile: string | undefined;

  /** See `quicken`. */
  private quick: BulkConnection | undefined;

  /** See `name`. */
  private ownName: string | undefined;
  private clientId: number | undefined;

  private constructor(address: Address, client: Redis) {
    this.address = address;
    this.client = client;
  }

  /**
   * Connects and logs in.
   * @param timeoutMs for the connection and for each command; default 5,000
   * @throws RedisServerError when the server can't be reached or refuses the login
   */
  static async connect(address: Address, login: Login, timeoutMs = TIMEOUT_MS): Promise<RedisServer> {
    const client = new Redis({
      host: address.host,
      port: address.port,
      username: login.username,
      // A user without a password accepts any; sending none would leave the connection on the default user.
      password: login.password ?? "nopass",
      protocol: 2,
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      disableClientInfo: true,
      connectionName: OPERATOR_USER,
    });
    // ioredis emits the cause (refused port, wrong password) and rejects the call with "Connection is closed".
    let cause: unknown;
    client.on("error", (error: unknown) => {
      cause ??= error;
    });
    const server = new RedisServer(address, client);
    try {
      await client.connect();
      await client.ping();
    } catch (error) {
      client.disconnect();
      throw server.failure("connect", cause ?? error);
    }
    return server;
  }

  /**
   * Sends what follows over a second connection that costs less of this process's time: of a write pause of 14 ms,
   * 9 went into the client library (ioredis 6 on Node 24).
   */
  async quicken(): Promise<void> {
    if (this.quick !== undefined) return;
    const quick = await BulkConnection.open(this.address, this.login, TIMEOUT_MS);
    if (this.ownName !== undefined) await quick.batch([["CLIENT", "SETNAME", this.ownName]]);
    this.quick = quick;
  }

  /** Has the server show its connections by this name, also the one that `quicken` is going to make. */
  async name(name: string): Promise<void> {
    this.ownName = name;
    try {
      await this.call("CLIENT", "SETNAME", name);
      this.clientId = Number(await this.call("CLIENT", "ID"));
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
  }

  /** The numbers that the server has for these connections, as far as they were asked for: by `name` and by `quicken`. */
  get connectionIds(): number[] {
    return [this.clientId, this.quick?.id].filter((id) => id !== undefined);
  }

  /** The login that this connection was made with. */
  get login(): Login {
    const { username, password } = this.client.options;
    return { username: username ?? "default", ...(password ? { password } : {}) };
  }

  /** Ends the connection at once. */
  close(): void {
    this.quick?.close();
    this.client.disconnect();
  }

  /** Any command, for what has no method of its own. */
  async call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    if (this.quick !== undefined) {
      const [reply = null] = await this.quick.batch([[command, ...args]]);
      if (reply instanceof ReplyError) throw this.failure(command, reply);
      return inText(reply);
    }
    try {
      return await this.client.call(command, args);
    } catch (error) {
      throw this.failure(command, error);
    }
  }

  /** Runs commands in one MULTI/EXEC; throws if any of them failed. */
  async transaction(...commands: (string | number)[][]): Promise<unknown[]> {
    if (this.quick !== undefined) return this.quickTransaction(this.quick, commands);
    let pipeline = this.client.multi();
    for (const [name, ...args] of commands) pipeline = pipeline.call(String(name), ...args);
    let replies: [Error | null, unknown][] | null;
    try {
      replies = await pipeline.exec();
    } catch (error) {
      throw this.failure("EXEC", error);
    }
    if (replies === null) throw this.discarded();
    return replies.map(([error, value], i) => {
      if (error !== null) throw this.failure(String(commands[i]?.[0] ?? "EXEC"), error);
      return value;
    });
  }

  private async quickTransaction(quick: BulkConnection, commands: (string | number)[][]): Promise<unknown[]> {
    const queued = commands.map(([name, ...args]): Command => [String(name), ...args]);
    const replies = await quick.batch([["MULTI"], ...queued, ["EXEC"]]);
    const refused = replies.find((reply) => reply instanceof ReplyError);
    if (refused !== undefined) throw this.failure("EXEC", refused);
    const executed = replies.at(-1);
    if (!Array.isArray(executed)) throw this.discarded();
    return executed.map((reply, i) => {
      if (reply instanceof ReplyError) throw this.failure(String(commands[i]?.[0] ?? "EXEC"), reply);
      return inText(reply);
    });
  }

  /** INFO, all sections or one. */
  async info(section?: string): Promise<InfoFields> {
    return parseInfo(String(await (section === undefined ? this.call("INFO") : this.call("INFO", section))));
  }

  /** What the server says it is; Valkey reports a Redis version beside its own. */
  async version(): Promise<ServerVersion> {
    return versionOf(await this.info("server"));
  }

  /** Role, offsets and links. */
  async replication(): Promise<ReplicationState> {
    return replicationStateOf(await this.info("replication"));
  }

  /** Keys in each database that holds any. */
  async keyspace(): Promise<Keyspace> {
    return keyspaceOf(await this.info("keyspace"));
  }

  /** Values of configuration directives; a directive that the version doesn't know is absent. */
  async configGet(...names: string[]): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    // One call each: several patterns in one CONFIG GET are understood from Redis 7.0 on only.
    const replies = await Promise.all(names.map((name) => this.call("CONFIG", "GET", name)));
    for (const reply of replies as string[][]) {
      for (let i = 0; i + 1 < reply.length; i += 2) values.set(reply[i] ?? "", reply[i + 1] ?? "");
    }
    return values;
  }

  /** Sets one configuration directive in memory; `configRewrite` makes it last. */
  async configSet(name: string, value: string | number): Promise<void> {
    await this.call("CONFIG", "SET", name, value);
  }

  /**
   * Writes the running configuration, the role and the users to the server's own files.
   * @returns false where the server was started without a file, so that nothing can be persisted
   */
  async configRewrite(): Promise<boolean> {
    try {
      for (const command of await this.configRewriteCommands()) await this.call(...command);
      return true;
    } catch (error) {
      if (isWithoutFile(error)) return false;
      throw error;
    }
  }

  /** What `configRewrite` does, as commands for one MULTI. */
  async configRewriteCommands(): Promise<[string, string][]> {
    const rewrite: [string, string] = ["CONFIG", "REWRITE"];
    return (await this.hasUsersFile()) ? [rewrite, ["ACL", "SAVE"]] : [rewrite];
  }

  /** Writes the users to their own file where the server has one: they are not part of its configuration then. */
  async saveUsers(): Promise<void> {
    if (await this.hasUsersFile()) await this.call("ACL", "SAVE");
  }

  /** Whether the server keeps its users in a file of their own; asked once, since it can't change without a restart. */
  async hasUsersFile(): Promise<boolean> {
    this.usersFile ??= (await this.configGet("aclfile")).get("aclfile") ?? "";
    return this.usersFile !== "";
  }

  private discarded(): RedisServerError {
    return new RedisServerError(`${formatAddress(this.address)}: EXEC was discarded`);
  }

  private failure(what: string, error: unknown): RedisServerError {
    // The client library ends some sentences, and this is a part of one.
    const reason = messageOf(error).replace(/\.$/, "");
    return new RedisServerError(`${formatAddress(this.address)}: ${what}: ${reason || "connection closed"}`);
  }
}

/** Bulk strings as text, as the client library gives them. */
function inText(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(inText);
  return reply instanceof Buffer ? reply.toString() : reply;
}

/** Reads the `server` section of INFO. */
export function versionOf(fields: InfoFields): ServerVersion {
  const valkey = fields.get("valkey_version");
  if (valkey !== undefined) return { product: "valkey", version: valkey };
  return { product: "redis", version: fields.get("redis_version") ?? "0" };
}
