import type { Socket } from "node:net";
import { formatAddress, type Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import { parseInfo } from "../infoReply.ts";
import { messageOf } from "../messageOf.ts";
import type { ServerVersion } from "../serverVersion.ts";
import type { Reply } from "../verification/replyParser.ts";
import { MOST_CHECK_BYTES, type Batch, type BatchOutcome, type BatchSink } from "./batch.ts";
import { readCommands, type KnownCommand } from "./keySpecs.ts";
import { LinkError, PlainClient } from "./plainClient.ts";
import {
  BATCHES_KEY,
  parsePosition,
  POSITION_KEY,
  STALE_KEY,
  UNREPRESENTABLE_KEY,
  type Position,
} from "./position.ts";
import { ReplyReader } from "./replyReader.ts";
import type { SlabSocket } from "./slabSocket.ts";
import { MOST_STALE } from "./staleKeys.ts";
import { versionIn } from "./versionIn.ts";

/** What a target holds of an earlier bridge's work. */
export interface TargetFacts {
  version: ServerVersion;
  /** Another one after each restart. */
  runId: string;
  commands: ReadonlyMap<string, KnownCommand>;
  /** How many databases it has. */
  databases: number;
  position: Position | undefined;
  /** Transactions that took effect since the position was made. */
  batches: number;
  /** Noted keys with the offset that their copy has, or 0; undefined: they are more than a bridge holds. */
  stale: (readonly [field: Buffer, copiedAt: number])[] | undefined;
  unrepresentable: Buffer[];
}

/** Batches and bytes that may be on their way. */
const MAX_IN_FLIGHT = 32;
const MAX_BYTES_IN_FLIGHT = 4 * 1024 * 1024;
/** A large transaction can hold up a server for seconds; one that gives no answer for so long is tried anew. */
export const PATIENCE_MS = 30_000;
const LOOKS_PER_PATIENCE = 10;

/** The one connection that writes to the target. */
export class TargetLink implements BatchSink {
  readonly facts: TargetFacts;
  readonly #socket: Socket;
  readonly #address: Address;
  readonly #sent: Batch[] = [];
  #bytes = 0;
  #checkBytes = 0;
  #closed = false;
  /** Begun and not ended: the source has the word, not the target. */
  #unended: Batch | undefined;
  /** When the target last gave something, or was first asked for what it owes. */
  #waitsSince = 0;
  readonly #patience: NodeJS.Timeout;
  #failure: LinkError | undefined;
  #onFailure: ((error: LinkError) => void) | undefined;
  /** There is room again, or fewer batches are on their way. */
  onRoom: () => void = () => undefined;
  /** All answers to a batch are there. */
  onEnd: (batch: Batch, outcome: BatchOutcome) => void = () => undefined;

  private constructor(address: Address, connection: SlabSocket, facts: TargetFacts, patienceMs: number) {
    const { socket } = connection;
    this.#address = address;
    this.#socket = socket;
    this.facts = facts;
    const reader = new ReplyReader(() => this.#oldest());
    connection.onData = (chunk) => {
      if (this.#closed) return;
      this.#waitsSince = performance.now();
      try {
        reader.push(chunk);
      } catch (error) {
        this.#fail(messageOf(error));
      }
    };
    this.#patience = setInterval(() => {
      const waited = this.#owes ? performance.now() - this.#waitsSince : 0;
      if (waited > patienceMs) this.#fail(`no answer within ${patienceMs} ms`);
    }, patienceMs / LOOKS_PER_PATIENCE);
    socket.on("drain", () => {
      if (!this.#closed) this.onRoom();
    });
    socket.on("error", (error) => {
      this.#fail(error.message);
    });
    socket.on("close", () => {
      this.#fail("connection closed");
    });
  }

  /**
   * Connects, makes sure that no other connection of this user writes any more, and only then reads what is there. So two
   * bridges can't both go on from the same position: whoever comes later ends the other one first.
   * @param patienceMs how long the target may owe an answer and give nothing before the connection is ended
   */
  static async open(address: Address, login: Login, patienceMs: number): Promise<TargetLink> {
    const client = await PlainClient.open(address, login);
    try {
      await client.call("CLIENT", "KILL", "USER", login.username, "SKIPME", "yes");
      const facts = await readFacts(client);
      return new TargetLink(address, client.release(), facts, patienceMs);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Told when the connection ends, at once where it has: nothing is known of batches on their way. */
  set onFailure(tell: (error: LinkError) => void) {
    this.#onFailure = tell;
    if (this.#failure !== undefined) tell(this.#failure);
  }

  get full(): boolean {
    return (
      this.#sent.length >= MAX_IN_FLIGHT ||
      this.#bytes >= MAX_BYTES_IN_FLIGHT ||
      this.#checkBytes >= MOST_CHECK_BYTES ||
      this.#socket.writableLength >= MAX_BYTES_IN_FLIGHT
    );
  }

  get inFlight(): number {
    return this.#sent.length;
  }

  begin(batch: Batch): void {
    if (!batch.begun) this.#expect(batch);
    this.#unended = batch;
    this.#waitsSince = performance.now();
    this.#write(batch.beginning());
  }

  send(batch: Batch): void {
    if (!batch.begun) this.#expect(batch);
    if (this.#unended === batch) this.#unended = undefined;
    if (this.#sent[0] === batch) this.#waitsSince = performance.now();
    this.#bytes += batch.bytes;
    this.#checkBytes += batch.checkBytes;
    this.#write(batch.encoded());
  }

  #expect(batch: Batch): void {
    this.#sent.push(batch);
    batch.onEnd((outcome) => {
      this.#sent.shift();
      this.#bytes -= batch.bytes;
      this.#checkBytes -= batch.checkBytes;
      this.onEnd(batch, outcome);
      if (!this.#closed) this.onRoom();
    });
  }

  #write(pieces: Iterable<Buffer>): void {
    if (this.#closed) return;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#patience);
    this.#socket.destroy();
  }

  /** The target has something to do or to read. */
  get #owes(): boolean {
    const [oldest] = this.#sent;
    return oldest !== undefined && (oldest !== this.#unended || this.#socket.writableLength > 0);
  }

  #oldest(): Batch {
    const batch = this.#sent[0];
    if (batch === undefined) throw new LinkError("a reply to nothing");
    return batch;
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#failure = new LinkError(`${formatAddress(this.#address)}: ${reason}`);
    this.#onFailure?.(this.#failure);
  }
}

async function readFacts(client: PlainClient): Promise<TargetFacts> {
  const server = parseInfo(String(await client.call("INFO", "server")));
  const commands = readCommands(await client.call("COMMAND"));
  const databases = await databasesOf(client);
  await client.call("SELECT", databases - 1);
  const [position, batches, stale, unrepresentable] = await Promise.all([
    client.call("GET", POSITION_KEY),
    client.call("GET", BATCHES_KEY),
    readStale(client),
    client.call("SMEMBERS", UNREPRESENTABLE_KEY),
  ]);
  return {
    version: versionIn(server),
    runId: server.get("run_id") ?? "",
    commands,
    databases,
    position: position === null ? undefined : parsePosition(String(position)),
    batches: Number(batches ?? 0),
    stale,
    unrepresentable: unrepresentable as Buffer[],
  };
}

async function readStale(client: PlainClient): Promise<TargetFacts["stale"]> {
  if (Number(await client.call("HLEN", STALE_KEY)) > MOST_STALE) return undefined;
  const fields = (await client.call("HGETALL", STALE_KEY)) as Buffer[];
  return fields.flatMap((field, i) => (i % 2 === 0 ? [[field, Number(fields[i + 1])] as const] : []));
}

/** How many databases a server has. */
async function databasesOf(client: PlainClient): Promise<number> {
  const reply: Reply = await client.call("CONFIG", "GET", "databases");
  return Number(Array.isArray(reply) ? reply[1] : 16) || 16;
}
