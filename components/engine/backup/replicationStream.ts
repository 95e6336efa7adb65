import { connect, type Socket } from "node:net";
import { formatAddress, type Address } from "../address.ts";
import { BackupError } from "./backupError.ts";

/** A connection that speaks the replication protocol as far as the end of the RDB. */
export class ReplicationStream {
  readonly #socket: Socket;
  readonly #address: Address;
  readonly #chunks: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, address: Address) {
    this.#socket = socket;
    this.#address = address;
    this.#chunks = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** Connects; when the signal fires, at any time, the connection ends and whatever waits on it fails. */
  static async open(address: Address, signal: AbortSignal): Promise<ReplicationStream> {
    const socket = connect({ host: address.host, port: address.port, signal });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    }).catch((error: unknown) => {
      throw new BackupError(`${formatAddress(address)}: ${reasonOf(error)}`);
    });
    // The error reaches whoever reads; without a listener it would end the process between two reads.
    socket.on("error", () => undefined);
    return new ReplicationStream(socket, address);
  }

  /** Sends a command and returns the line that answers it, errors (`-…`) included. */
  async command(...words: string[]): Promise<string> {
    this.send(...words);
    return this.line();
  }

  /** Sends a command without reading an answer. */
  send(...words: string[]): void {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${parts.join("")}`);
  }

  /** The next line; empty for the bare newlines by which a master says that it is still there. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#pending.indexOf(10);
      if (end >= 0) {
        const line = this.#pending.toString("latin1", 0, end).replace(/\r$/, "");
        this.#pending = this.#pending.subarray(end + 1);
        return line;
      }
      this.#pending = Buffer.concat([this.#pending, await this.#read()]);
    }
  }

  /** The RDB's bytes, after its header line: `$<length>`, or `$EOF:<mark>` where the length is not known ahead. */
  body(header: string): AsyncGenerator<Buffer> {
    const mark = /^\$EOF:(.{40})$/.exec(header)?.[1];
    if (mark !== undefined) return this.#untilMark(Buffer.from(mark, "latin1"));
    const length = /^\$(\d+)$/.exec(header)?.[1];
    if (length === undefined)
      throw new BackupError(`${formatAddress(this.#address)}: no RDB follows: ${header}`);
    return this.#exactly(Number(length));
  }

  /** Ends the connection at once, so that the server drops it as a replica. */
  close(): void {
    this.#socket.destroy();
  }

  async *#exactly(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      const chunk = this.#pending.length > 0 ? this.#pending : await this.#read();
      this.#pending = chunk.subarray(left);
      yield chunk.subarray(0, left);
      left -= Math.min(left, chunk.length);
    }
  }

  async *#untilMark(mark: Buffer): AsyncGenerator<Buffer> {
    let held = this.#pending;
    for (;;) {
      const end = held.indexOf(mark);
      if (end >= 0) {
        yield held.subarray(0, end);
        this.#pending = held.subarray(end + mark.length);
        return;
      }
      // The mark may be cut by a chunk's end: its length less one is held back.
      const sure = Math.max(0, held.length - mark.length + 1);
      if (sure > 0) yield held.subarray(0, sure);
      held = Buffer.concat([held.subarray(sure), await this.#read()]);
    }
  }

  async #read(): Promise<Buffer> {
    const next = await this.#chunks.next().catch((error: unknown) => {
      throw new BackupError(`${formatAddress(this.#address)}: ${reasonOf(error)}`);
    });
    if (next.done === true)
      throw new BackupError(`${formatAddress(this.#address)}: closed the connection early`);
    return next.value;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "AbortError" ? "the copy did not end before its deadline" : error.message;
}
