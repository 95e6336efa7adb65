/**
 * The clients' own process, so that what the driver's side does doesn't show in their times. Started by clients.ts; ends
 * when its parent goes away.
 */
import { answerRequests } from "../../../test/support/askedProcess.ts";
import type { Redis } from "ioredis";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { openClient } from "../../../test/support/workload/endpoint.ts";
import { Random } from "../../../test/support/workload/random.ts";
import type { KeyHistory } from "../checker/history.ts";
import { Caller, connectFor } from "./caller.ts";
import { newKeys, readFinal } from "./keys.ts";
import type { ClientsOptions, Reply, Request } from "./messages.ts";

const CONNECTIONS = 4;
const CALLERS_PER_CONNECTION = 2;
/** How long answers to calls that are under way are waited for. Milliseconds. */
const DRAIN_MS = 5_000;
/** How long answers to the last reads are waited for; without them what is lost at the end is not seen. Milliseconds. */
const READ_MS = 15_000;
/** Ends clients whose parent forgot them. Milliseconds. */
const LONGEST_MS = 900_000;

class RunningClients {
  private readonly keys: KeyHistory[];
  private readonly connections: Redis[];
  private readonly callers: Caller[];
  private readonly ending = new AbortController();
  private readonly done: Promise<unknown>;
  private readonly options: ClientsOptions;

  private constructor(options: ClientsOptions, connections: Redis[]) {
    this.options = options;
    this.connections = connections;
    this.keys = newKeys(options.keyPrefix);
    this.callers = connections.flatMap((connection, c) =>
      Array.from({ length: CALLERS_PER_CONNECTION }, (_, i) => {
        const number = c * CALLERS_PER_CONNECTION + i + 1;
        return new Caller(connection, this.keys, new Random(options.seed * 1_000 + number), number);
      }),
    );
    this.done = Promise.all(this.callers.map((caller) => caller.run(this.ending.signal)));
    setTimeout(() => {
      this.ending.abort();
    }, LONGEST_MS).unref();
  }

  static async start(options: ClientsOptions): Promise<RunningClients> {
    const connections = Array.from({ length: CONNECTIONS }, () =>
      connectFor(options.manner, options.endpoint),
    );
    await Promise.all(
      connections.map(async (connection) => {
        if (connection.status !== "ready") await once(connection, "ready");
      }),
    );
    return new RunningClients(options, connections);
  }

  /** Of each caller. */
  writes(): number[] {
    return this.callers.map(({ writes }) => writes);
  }

  /** Whether a client that connects only now is served. */
  async join(timeoutMs: number): Promise<boolean> {
    const { endpoint, keyPrefix } = this.options;
    const newcomer = openClient(endpoint);
    try {
      const written = newcomer.incr(`${keyPrefix}:newcomer`).then(
        () => true,
        () => false,
      );
      return await Promise.race([written, delay(timeoutMs, false, { ref: false })]);
    } finally {
      newcomer.disconnect();
    }
  }

  async stop(): Promise<KeyHistory[]> {
    this.ending.abort();
    await Promise.race([this.done, delay(DRAIN_MS, undefined, { ref: false })]);
    for (const connection of this.connections) connection.disconnect();
    const reader = openClient(this.options.endpoint);
    const finals = Promise.all(this.keys.map((history) => readFinal(reader, history).catch(() => undefined)));
    const read = await Promise.race([finals, delay(READ_MS, undefined, { ref: false })]);
    reader.disconnect();
    return this.keys.map((history, i) => ({ ...history, final: read?.[i] }));
  }
}

let running: RunningClients | undefined;

function started(): RunningClients {
  if (running === undefined) throw new Error("the clients were not started");
  return running;
}

async function answer(request: Request): Promise<Reply> {
  switch (request.type) {
    case "start":
      running = await RunningClients.start(request.options);
      return { type: "started" };
    case "count":
      return { type: "counted", writes: started().writes() };
    case "join":
      return { type: "joined", served: await started().join(request.timeoutMs) };
    case "stop":
      return { type: "stopped", histories: await started().stop() };
  }
}

answerRequests(answer);
