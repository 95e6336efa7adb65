import type { Socket } from "node:net";
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
        this.#fail(`no answer within ${this.#timeoutMs} ms`);
      }, this.#timeoutMs);
      this.#waiting.push({ replies: [], count: commands.length, resolve, reject, timer });
      this.socket.write(Buffer.concat(commands.map(encodeCommand)));
    });
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
