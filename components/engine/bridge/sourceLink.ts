import type { Socket } from "node:net";
import { formatAddress, type Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import { encodeCommand } from "./encode.ts";
import { LinkError } from "./plainClient.ts";
import type { HistoryPlace } from "./position.ts";
import { connectInSlabs } from "./slabSocket.ts";

/** How a stream began. */
export interface StreamBeginning extends HistoryPlace {
  /** False: the source could not go on from where it was asked to, or was not asked to. */
  continued: boolean;
}

const HANDSHAKE_MS = 10_000;
const ACK_MS = 1_000;
/** Bytes of the stream in one buffer. */
const SLAB = 1024 * 1024;

/** A connection to the source that it takes for a replica's. */
export class SourceLink {
  readonly #address: Address;
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #lines: ((line: string) => void) | undefined;
  #streaming = false;
  #ended: LinkError | undefined;
  #onEnd: (error: LinkError) => void = () => undefined;
  #onData: (chunk: Buffer) => void = () => undefined;
  #acks: NodeJS.Timeout | undefined;
  /** Bytes of a full copy that is read over, or the mark at its end. */
  #skip: { left: number } | { mark: Buffer } | undefined;

  private constructor(address: Address, socket: Socket) {
    this.#address = address;
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#end(error.message);
    });
    socket.on("close", () => {
      this.#end("the replication stream ended");
    });
  }

  /**
   * Attaches.
   * @param from where to go on, or undefined for a stream that begins now
   * @param filter the source is 7.0 or newer, and can be told to leave the data out of its full copy
   */
  static async open(
    address: Address,
    login: Login,
    from: HistoryPlace | undefined,
    filter: boolean,
  ): Promise<{ link: SourceLink; beginning: StreamBeginning }> {
    const connection = connectInSlabs(address, SLAB);
    const link = new SourceLink(address, connection.socket);
    connection.onData = (chunk) => {
      link.#take(chunk);
    };
    try {
      await link.#expect("+", "AUTH", login.username, login.password ?? "nopass");
      await link.#expect("+", "REPLCONF", "listening-port", "1");
      await link.#expect("+", "REPLCONF", "capa", "eof", "capa", "psync2");
      // Whatever comes of PSYNC, no data is wanted with it: a full copy is made key by key.
      if (filter) await link.#expect("+", "REPLCONF", "rdb-filter-only", "");
      const beginning = await link.#psync(from);
      return { link, beginning };
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** Gives everything that comes from here on. */
  start(onData: (chunk: Buffer) => void, onEnd: (error: LinkError) => void): void {
    this.#onEnd = onEnd;
    this.#onData = onData;
    this.#streaming = true;
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    if (rest.length > 0) onData(rest);
    if (this.#ended !== undefined) onEnd(this.#ended);
    else this.#socket.resume();
  }

  /** Tells the source once a second, and when asked, how far its replica is. */
  acknowledge(offset: () => number): void {
    const ack = (): void => {
      this.#socket.write(encodeCommand(["REPLCONF", "ACK", offset()]));
    };
    ack();
    this.#acks = setInterval(ack, ACK_MS);
    this.acknowledgeNow = ack;
  }

  acknowledgeNow: () => void = () => undefined;

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    clearInterval(this.#acks);
    this.#ended ??= new LinkError("closed");
    this.#socket.destroy();
  }

  async #psync(from: HistoryPlace | undefined): Promise<StreamBeginning> {
    const ask = from === undefined ? ["?", "-1"] : [from.replid, String(from.offset + 1)];
    const answer = await this.#command("PSYNC", ...ask);
    const [word, replid = "", offset = ""] = answer.split(" ");
    if (word === "+CONTINUE" && from !== undefined) {
      this.#socket.pause();
      return { continued: true, replid: replid === "" ? from.replid : replid, offset: from.offset };
    }
    if (word !== "+FULLRESYNC") throw this.#failure(`PSYNC: ${answer}`);
    // Until something is acknowledged, the source waits with the stream.
    const alive = setInterval(() => {
      this.#socket.write(encodeCommand(["REPLCONF", "ACK", 0]));
    }, ACK_MS);
    try {
      await this.#skipCopy();
    } finally {
      clearInterval(alive);
    }
    this.#socket.pause();
    return { continued: false, replid, offset: Number(offset) };
  }

  async #skipCopy(): Promise<void> {
    let head = "";
    while (head === "") head = await this.#line(0);
    const mark = /^\$EOF:(.{40})$/.exec(head)?.[1];
    const length = /^\$(\d+)$/.exec(head)?.[1];
    if (mark === undefined && length === undefined) throw this.#failure(`no full copy follows: ${head}`);
    this.#skip = mark === undefined ? { left: Number(length) } : { mark: Buffer.from(mark, "latin1") };
    await new Promise<void>((resolve, reject) => {
      this.#onEnd = reject;
      this.#lines = () => {
        resolve();
      };
      this.#scan();
    });
  }

  async #expect(sign: string, ...words: string[]): Promise<void> {
    const answer = await this.#command(...words);
    if (!answer.startsWith(sign)) throw this.#failure(`${words[0] ?? ""}: ${answer}`);
  }

  async #command(...words: string[]): Promise<string> {
    this.#socket.write(encodeCommand(words));
    let line = "";
    while (line === "") line = await this.#line(HANDSHAKE_MS);
    return line;
  }

  #line(timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      const timer =
        timeoutMs > 0
          ? setTimeout(() => {
              this.#end(`no answer within ${timeoutMs} ms`);
            }, timeoutMs)
          : undefined;
      this.#onEnd = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      this.#lines = (line) => {
        clearTimeout(timer);
        resolve(line);
      };
      this.#scan();
    });
  }

  #take(chunk: Buffer): void {
    if (this.#streaming) {
      this.#onData(chunk);
      return;
    }
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#scan();
  }

  /** Looks whether what is waited for is there. */
  #scan(): void {
    const found = this.#skip === undefined ? this.#scanLine() : this.#scanCopy(this.#skip);
    if (found === undefined) return;
    // The stream may follow at once: nothing more is read before somebody takes it.
    const tell = this.#lines;
    this.#lines = undefined;
    tell?.(found);
  }

  #scanLine(): string | undefined {
    if (this.#lines === undefined) return undefined;
    const end = this.#pending.indexOf(10);
    if (end < 0) return undefined;
    const line = this.#pending.toString("latin1", 0, end).replace(/\r$/, "");
    this.#pending = this.#pending.subarray(end + 1);
    return line;
  }

  #scanCopy(skip: { left: number } | { mark: Buffer }): string | undefined {
    if ("left" in skip) {
      const step = Math.min(skip.left, this.#pending.length);
      skip.left -= step;
      this.#pending = this.#pending.subarray(step);
      if (skip.left > 0) return undefined;
    } else {
      const end = this.#pending.indexOf(skip.mark);
      // The mark may be cut by a chunk's end: its length less one is held back.
      this.#pending = this.#pending.subarray(
        end < 0 ? Math.max(0, this.#pending.length - skip.mark.length + 1) : end + skip.mark.length,
      );
      if (end < 0) return undefined;
    }
    this.#skip = undefined;
    return "copied";
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    const failure = this.#failure(reason);
    this.#ended = failure;
    this.close();
    this.#onEnd(failure);
  }

  #failure(reason: string): LinkError {
    return new LinkError(`${formatAddress(this.#address)}: ${reason}`);
  }
}
