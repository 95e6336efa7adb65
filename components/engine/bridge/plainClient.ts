import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { formatAddress, type Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import { messageOf } from "../messageOf.ts";
import { ReplyError, ReplyParser, type Reply } from "../verification/replyParser.ts";
import { encodeCommand, type Word } from "./encode.ts";
import { connectInSlabs, type SlabSocket } from "./slabSocket.ts";

/** Bytes of replies in one buffer. */
const SLAB = 64 * 1024;

/** A connection failed, or a server refused something; never holds a password or a user's data. */
export class LinkError extends Error {
  override name = "LinkError";
}

/** About how large a part of a list is; whichever is reached first ends it. */
export interface PartSize {
  elements: number;
  bytes: number;
}

/** A list that is read while it comes. */
export interface ListInParts {
  /** Of `Reply[]`, each an even number of elements but the last; where they are not taken, the server is not read from. */
  parts: Readable;
  /** Answers that came before the list's own, once the first part is there. */
  before: readonly Reply[];
  /** EXEC's reply, without the list's elements. */
  reply: Promise<Reply | undefined>;
}

interface Waiting {
  replies: Reply[];
  count: number;
  resolve: (replies: Reply[]) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** A connection for commands whose replies are values; several calls may be under way at a time. */
export class PlainClient {
  readonly address: Address;
  readonly socket: Socket;
  readonly #timeoutMs: number;
  readonly #parser = new ReplyParser();
  readonly #waiting: Waiting[] = [];
  #failure: LinkError | undefined;
  readonly #connection: SlabSocket;

  private constructor(address: Address, connection: SlabSocket, timeoutMs: number) {
    const { socket } = connection;
    this.address = address;
    this.socket = socket;
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    connection.onData = (chunk) => {
      this.#take(chunk);
    };
    socket.on("error", (error) => {
      this.#fail(error.message);
    });
    socket.on("close", () => {
      this.#fail("connection closed");
    });
  }

  /** Connects and logs in; @throws LinkError */
  static async open(address: Address, login: Login, timeoutMs = 5_000): Promise<PlainClient> {
    const client = new PlainClient(address, connectInSlabs(address, SLAB), timeoutMs);
    try {
      await client.call("AUTH", login.username, login.password ?? "nopass");
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** One command. @throws LinkError where the server answers with an error */
  async call(...words: Word[]): Promise<Exclude<Reply, ReplyError>> {
    const [reply] = await this.batch([words]);
    if (reply instanceof ReplyError)
      throw new LinkError(`${formatAddress(this.address)}: ${String(words[0])}: ${reply.message}`);
    return reply ?? null;
  }

  /** Commands in one go; a command's own error stands in its place. */
  batch(commands: readonly (readonly Word[])[]): Promise<Reply[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (commands.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (this.socket.isPaused()) timer.refresh();
        else this.#fail(`no answer within ${this.#timeoutMs} ms`);
      }, this.#timeoutMs);
      this.#waiting.push({ replies: [], count: commands.length, resolve, reject, timer });
      this.socket.write(Buffer.concat(commands.map(encodeCommand)));
    });
  }

  /**
   * One transaction, of which one list is given as it comes rather than kept. Nothing else may be under way.
   * @param transaction from MULTI to EXEC
   * @param list which of the answers in EXEC's reply
   */
  listInParts(
    transaction: readonly (readonly Word[])[],
    list: number,
    { elements, bytes }: PartSize,
  ): ListInParts {
    const parts = new Readable({ objectMode: true, highWaterMark: 1, read: () => void this.socket.resume() });
    // Whoever takes them is told; nobody may be left to be told.
    parts.on("error", () => undefined);
    let items: Reply[] = [];
    let size = 0;
    const give = (): void => {
      if (!parts.push(items)) this.socket.pause();
      [items, size] = [[], 0];
    };
    const made: ListInParts = { parts, before: [], reply: Promise.resolve(undefined) };
    this.#parser.takeElement = (before, element) => {
      if (before.length !== list) return false;
      made.before = before;
      items.push(element);
      size += bytesOf(element);
      if (items.length % 2 === 0 && (items.length >= elements || size >= bytes)) give();
      return true;
    };
    made.reply = this.batch(transaction)
      .finally(() => (this.#parser.takeElement = undefined))
      .then((replies) => {
        if (items.length > 0) give();
        parts.push(null);
        // Nobody asks for more of what has ended.
        this.socket.resume();
        return replies.at(-1);
      });
    made.reply.catch((error: unknown) => parts.destroy(error as Error));
    return made;
  }

  /** Ends the connection at once. */
  close(): void {
    this.#fail("connection closed");
  }

  /** Hands the connection over to somebody who reads it himself; nothing may be under way. */
  release(): SlabSocket {
    this.socket.removeAllListeners("error").removeAllListeners("close");
    return this.#connection;
  }

  #take(chunk: Buffer): void {
    this.#waiting[0]?.timer.refresh();
    let replies: Reply[];
    try {
      replies = this.#parser.push(chunk);
    } catch (error) {
      this.#fail(messageOf(error));
      return;
    }
    for (const reply of replies) {
      const waiting = this.#waiting[0];
      if (waiting === undefined) return;
      waiting.replies.push(reply);
      if (waiting.replies.length < waiting.count) continue;
      this.#waiting.shift();
      clearTimeout(waiting.timer);
      waiting.resolve(waiting.replies);
    }
  }

  #fail(reason: string): void {
    this.#failure ??= new LinkError(`${formatAddress(this.address)}: ${reason}`);
    this.socket.destroy();
    for (const waiting of this.#waiting.splice(0)) {
      clearTimeout(waiting.timer);
      waiting.reject(this.#failure);
    }
  }
}

function bytesOf(reply: Reply): number {
  if (Array.isArray(reply)) return reply.reduce((sum: number, item) => sum + bytesOf(item), 0);
  return reply instanceof Buffer ? reply.length : 0;
}
