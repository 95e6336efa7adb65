import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Address } from "../../../components/engine/address.ts";
import type { Batch } from "../../../components/engine/bridge/batch.ts";
import { encodeCommand, type Word } from "../../../components/engine/bridge/encode.ts";
import { Figures } from "../../../components/engine/bridge/figures.ts";
import { Session } from "../../../components/engine/bridge/session.ts";
import type { SessionParts } from "../../../components/engine/bridge/sessionParts.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { known, Sink, START } from "./applierScene.ts";

const NO_KEY_KNOWN = { arity: -2, first: 0, last: 0, step: 0 };

/** Answers as a server does that has no key, or strings `x` only. */
class FakeServer {
  offset = START.applied.offset;
  /** Called with each command, by its words. */
  onCommand: (command: string) => void = () => undefined;
  /** Awaited before a command is answered. */
  onAnswer: (command: string) => Promise<void> = () => Promise.resolve();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      const parser = new StreamParser();
      let answered = Promise.resolve();
      socket.on("error", () => socket.destroy());
      socket.on("data", (chunk) => {
        parser.push(chunk);
        while (parser.next()) {
          const command = parser.all().join(" ");
          this.onCommand(command);
          const answer = this.#answer(command);
          answered = answered.then(() => this.onAnswer(command)).then(() => void socket.write(answer));
        }
      });
    }).listen(0, "127.0.0.1");
  }

  async address(): Promise<Address> {
    if (!this.#server.listening) await once(this.#server, "listening");
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  close(): void {
    this.#server.close();
  }

  #answer(command: string): string {
    if (command.startsWith("FUNCTION")) return "-ERR unknown command\r\n";
    if (command.startsWith("TYPE")) return "+string\r\n";
    if (command.startsWith("STRLEN")) return ":1\r\n";
    if (command === "EXEC") {
      const replies = ["+x", ":-1", "+string", "*2\r\n+1\r\n+1", "+", `+master_repl_offset:${this.offset}`];
      return `*${replies.length}\r\n${replies.join("\r\n")}\r\n`;
    }
    if (!command.startsWith("INFO")) return "+OK\r\n";
    const info = command === "INFO replication" ? `master_repl_offset:${this.offset}` : "";
    return `$${info.length}\r\n${info}\r\n`;
  }
}

/** A target that answers at once that everything was done. */
class WillingTarget extends Sink {
  facts = {
    version: { product: "redis", version: "6.0" },
    commands: new Map([...known].filter(([name]) => name !== "mystery")),
    databases: 16,
    stale: [] as [Buffer, number][],
    unrepresentable: [],
  };
  onRoom: () => void = () => undefined;
  onEnd: (batch: Batch, outcome: object) => void = () => undefined;

  /** Called before a batch that is no part of the stream is answered. */
  answersCopy: (batch: Batch) => Promise<void> = () => Promise.resolve();

  override send(batch: Batch): void {
    super.send(batch);
    const answer = (): void => {
      this.inFlight--;
      this.onEnd(batch, { failures: [], unmet: [] });
      this.onRoom();
    };
    if (batch.end === undefined) void this.answersCopy(batch).then(() => setImmediate(answer));
    else setImmediate(answer);
  }

  close(): void {
    this.full = true;
  }
}

/** A stream that the test makes; what comes while it is paused is kept. */
class Stream {
  paused = false;
  readonly #kept: Buffer[] = [];
  #take: ((chunk: Buffer) => void) | undefined;

  start(take: (chunk: Buffer) => void): void {
    this.#take = take;
    this.resume();
  }

  give(words: Word[]): void {
    this.#kept.push(encodeCommand(words));
    if (!this.paused) this.resume();
  }

  acknowledge(): void {
    return;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#deliver();
  }

  /** Each may have it paused. */
  #deliver(): void {
    const bytes = this.paused || this.#take === undefined ? undefined : this.#kept.shift();
    if (bytes === undefined) return;
    this.#take?.(bytes);
    this.#deliver();
  }

  close(): void {
    return;
  }
}

/** A session between them; only the source knows MYSTERY, and only it can tell its keys. */
async function openSession(target: WillingTarget, link: Stream, continued: boolean): Promise<Session> {
  const end = { address: await server.address(), login: { username: "bridge", password: "" } };
  const parts = {
    ends: { source: end, target: end },
    source: {
      version: { product: "redis", version: "7.0" },
      commands: new Map([...known, ["mystery", { ...NO_KEY_KNOWN, movable: true }]]),
      control: { close: () => undefined, batch: () => Promise.resolve([[Buffer.from("key")]]) },
    },
    link,
    beginning: { continued, replid: START.replid, offset: START.applied.offset },
    target,
    start: { from: undefined, position: START, resumed: continued },
    figures: new Figures(),
    onConfirmed: () => undefined,
  };
  return new Session(parts as unknown as SessionParts);
}

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer();
});

afterEach(() => {
  server.close();
});

it("doesn't take a full copy for whole that has to begin again, also where nothing is left to copy", async () => {
  const [target, link] = [new WillingTarget(), new Stream()];
  const session = await openSession(target, link, false);
  const stream = [
    ["SELECT", 0],
    ["SWAPDB", 0, 1],
  ];
  // The last thing that the copy asks for.
  server.onCommand = (command) => {
    if (command !== "INFO replication") return;
    for (const words of stream) {
      server.offset += encodeCommand(words).length;
      link.give(words);
    }
  };
  const running = session.run();
  await expect(session.over).rejects.toThrow("everything is copied again: SWAPDB 0 1");
  await running;
  expect(target.position()).toMatchObject({ copying: true, applied: { offset: server.offset } });
  expect(target.commands().filter((command) => command.startsWith("SWAPDB"))).toEqual([]);
});

it("leaves the stream alone while it reads a key that is written to all the time, and goes on then", async () => {
  const [target, link] = [new WillingTarget(), new Stream()];
  const session = await openSession(target, link, true);
  const write = ["SET", "hot", "later"];
  const paused: boolean[] = [];
  server.onCommand = (command) => {
    if (command !== "EXEC") return;
    paused.push(link.paused);
    // It comes behind the offset of the reading, and before the answer.
    setImmediate(() => (server.offset += encodeCommand(write).length));
    link.give(write);
  };
  const running = session.run();
  session.applier.spoil([{ atLeast: 1, database: 0, keys: [Buffer.from("hot")] }]);
  await vi.waitUntil(() => session.stale.size === 0, { timeout: 4_000, interval: 1 });
  session.fail();
  await running;
  expect(paused).toEqual([false, false, true]);
  expect(target.commands().filter((command) => command.includes("hot"))).toEqual([
    "DEL hot",
    "SET hot x",
    `HSET redis-bluegreen:stale 0 hot ${server.offset - encodeCommand(write).length}`,
    "SET hot later",
  ]);
});

it("doesn't take a full copy for whole before the target said that it took each key, or it is noted as lacking", async () => {
  const [target, link] = [new WillingTarget(), new Stream()];
  const session = await openSession(target, link, false);
  const isNoted: boolean[] = [];
  const sent = Promise.withResolvers<undefined>();
  // The last thing that the copy asks for.
  server.onAnswer = async (command) => {
    if (command.startsWith("FUNCTION")) await sent.promise;
  };
  target.answersCopy = async ({ pieces }) => {
    sent.resolve(undefined);
    const hasNote = Buffer.concat(pieces).includes("redis-bluegreen:stale");
    // Time enough to note that everything is copied.
    await delay(100);
    isNoted.push(hasNote || target.position()?.copying === true);
  };
  session.applier.spoil([{ atLeast: 1, database: 0, keys: [Buffer.from("key")] }]);
  const running = session.run();
  await vi.waitUntil(() => target.position()?.copying === false, { timeout: 4_000, interval: 1 });
  await vi.waitUntil(() => isNoted.length > 0, { timeout: 4_000, interval: 1 });
  session.fail();
  await running;
  expect(isNoted).toEqual([true]);
});

it("has everything copied where more is noted than it can hold, however small the number of keys", async () => {
  const [target, link] = [new WillingTarget(), new Stream()];
  for (let i = 0; i < 20; i++) target.facts.stale.push([Buffer.alloc(1024 * 1024, `0 ${i} `), 0]);
  const session = await openSession(target, link, true);
  const running = session.run();
  await expect(session.over).rejects.toThrow("everything is copied again: more keys have to be copied");
  await running;
  expect(target.position()).toMatchObject({ copying: true });
});

it("reads on where the source told the keys of a command in the middle of a transaction", async () => {
  const [target, link] = [new WillingTarget(), new Stream()];
  const session = await openSession(target, link, true);
  const running = session.run();
  for (const words of [["MULTI"], ["SET", "a", "1"], ["MYSTERY", "key"], ["EXEC"]]) link.give(words);
  await vi.waitUntil(() => target.commands().includes("SET a 1"), { timeout: 4_000, interval: 1 });
  session.fail();
  await running;
});
