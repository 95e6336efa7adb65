import { connect, type Socket } from "node:net";
import { formatAddress, type Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import { messageOf } from "../messageOf.ts";
import { RedisServerError } from "../redisServer.ts";
import { ReplyParser, type Reply } from "./replyParser.ts";

/** One command of a batch; the first word is its name. Text is ASCII. */
export type Command = readonly [string, ...(string | number | Buffer)[]];

interface Waiting {
  replies: Reply[];
  count: number;
  resolve: (replies: Reply[]) => void;
  reject: (error: Error) => void;
}

/** A connection that costs little time per command: for long batches, and for what clients wait for. */
export class BulkConnection {
  /** The server's own number for it; undefined where the login may not ask. */
  id: number | undefined;
  readonly #address: Address;
  readonly #socket: Socket;
  readonly #parser = new ReplyParser();
  readonly #timeoutMs: number;
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  private constructor(address: Address, socket: Socket, timeoutMs: number) {
    this.#address = address;
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on("data", (chunk) => {
      this.#receive(chunk);
    });
    socket.on("error", (error) => {
      this.#fail(error.message);
    });
    socket.on("close", () => {
      this.#fail("connection closed");
    });
  }

  /**
   * Connects and logs in.
   * @param timeoutMs for the connection, and for the replies to each batch
   */
  static async open(address: Address, login: Login, timeoutMs: number): Promise<BulkConnection> {
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    const connection = new BulkConnection(address, socket, timeoutMs);
    const replies = await connection.batch([
      ["AUTH", login.username, Buffer.from(login.password ?? "nopass")],
      ["CLIENT", "ID"],
    ]);
    if (replies[0] instanceof Error) {
      connection.close();
      throw new RedisServerError(`${formatAddress(address)}: login: ${replies[0].message}`);
    }
    if (typeof replies[1] === "number") connection.id = replies[1];
    return connection;
  }

  /** Sends commands in one go and gives their replies in order; a command's own error stands in its place. Batches may overlap. */
  async batch(commands: readonly Command[]): Promise<Reply[]> {
    if (commands.length === 0) return [];
    if (this.#failure !== undefined) throw this.#failure;
    const timer = setTimeout(() => {
      this.#fail(`no reply within ${this.#timeoutMs} ms`);
    }, this.#timeoutMs);
    try {
      return await new Promise<Reply[]>((resolve, reject) => {
        this.#waiting.push({ replies: [], count: commands.length, resolve, reject });
        this.#socket.write(encode(commands));
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection at once. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const reply of this.#parser.push(chunk)) this.#answer(reply);
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  #answer(reply: Reply): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    first.replies.push(reply);
    if (first.replies.length < first.count) return;
    this.#waiting.shift();
    first.resolve(first.replies);
  }

  #fail(reason: string): void {
    this.#failure ??= new RedisServerError(`${formatAddress(this.#address)}: ${reason}`);
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

/** Joined as text of one byte per character, which is much faster than joining Buffers. */
function encode(commands: readonly Command[]): Buffer {
  let text = "";
  for (const words of commands) {
    text += `*${words.length}\r\n`;
    for (const word of words) {
      const bytes = word instanceof Buffer ? word.toString("latin1") : String(word);
      text += `$${bytes.length}\r\n${bytes}\r\n`;
    }
  }
  return Buffer.from(text, "latin1");
}
