/**
 * The clients' own process: what else happens on the bench's event loop must not show in what they see. Started by
 * clients.ts; speaks the requests and replies of messages.ts; ends when its parent goes away.
 */
import { answerRequests } from "../../../test/support/askedProcess.ts";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { audit } from "../../../test/support/workload/audit.ts";
import { openClient, type ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import { Lane, readLaneState } from "../../../test/support/workload/lane.ts";
import { until } from "../../../components/engine/until.ts";
import { Random } from "../../../test/support/workload/random.ts";
import type { ProcessOptions, Reply, Request, Sight } from "./messages.ts";
import { edgesOf, longestWaitOf } from "./sight.ts";
import { TrackedClient } from "./trackedClient.ts";

/** Writes and reads a second of all connections together. */
const RATE = 2_000;
/** Under load a connection has at least this many operations under way where it is alone. */
const LANES = 8;
/** A lane without pace: it asks again as soon as timers allow after an answer. */
const AT_ONCE_MS = 1;
/** How long operations that are under way are waited for at the end. */
const DRAIN_MS = 30_000;

class Clients {
  private readonly clients: TrackedClient[];
  private readonly lanes: { lane: Lane; client: TrackedClient }[];
  private readonly ending = new AbortController();
  private readonly stalls = monitorEventLoopDelay({ resolution: 1 });
  private readonly done: Promise<unknown>;
  private markedAt = 0;

  private constructor({ connections, pace, keyPrefix }: ProcessOptions, clients: TrackedClient[]) {
    this.clients = clients;
    const perClient = pace === "rate" ? Math.max(1, Math.floor(LANES / connections)) : 1;
    const writing = pace === "rest" ? [] : clients;
    this.lanes = writing.flatMap((client, c) =>
      Array.from({ length: perClient }, (_, l) => ({
        client,
        lane: new Lane(client.redis, `${keyPrefix}:${c}:${l}`, new Random(c * 1_000 + l)),
      })),
    );
    const interval = pace === "rate" ? (1_000 * this.lanes.length) / RATE : AT_ONCE_MS;
    this.done = Promise.all(this.lanes.map(({ lane }) => lane.run(interval, this.ending.signal)));
  }

  static async start(options: ProcessOptions): Promise<Clients> {
    const clients = Array.from({ length: options.connections }, () => new TrackedClient(options.target));
    await Promise.all(clients.map(({ redis }) => redis.ping()));
    await until(
      () => {
        const known = clients.every((client) => client.epochAt(performance.now())?.server !== undefined);
        return Promise.resolve(known ? true : undefined);
      },
      { timeoutMs: 30_000, intervalMs: 10, what: "all clients know their server" },
    );
    return new Clients(options, clients);
  }

  /** All that is ever written to. */
  get keys(): string[] {
    return this.lanes.flatMap(({ lane: { history } }) => [history.counter, history.register, history.list]);
  }

  mark(): void {
    this.stalls.enable();
    this.markedAt = performance.now();
  }

  progress(server: string): { moved: number; acknowledged: number } {
    const now = performance.now();
    return {
      moved: this.clients.filter((client) => client.epochAt(now)?.server === server).length,
      acknowledged: this.lanes.reduce((sum, { lane }) => sum + lane.acknowledged, 0),
    };
  }

  async stop(server: string, auditAt: ClientEndpoint): Promise<Sight> {
    this.ending.abort();
    await Promise.race([this.done, delay(DRAIN_MS, undefined, { ref: false })]);
    this.stalls.disable();
    const stoppedAt = performance.now();
    for (const { redis } of this.clients) redis.disconnect();
    const reader = openClient(auditAt);
    const seen = await Promise.all(
      this.lanes.map(async ({ lane: { history }, client }) => {
        for (const operation of history.operations.slice(-1)) {
          // Nobody answered it: it waited until now.
          if (operation.outcome === "unknown" && operation.error === undefined) operation.endedAt = stoppedAt;
        }
        const state = await readLaneState(reader, history);
        return { history, state, epochAt: (time: number) => client.epochAt(time) };
      }),
    );
    reader.disconnect();
    const { total, windows, findings } = audit(seen, [{ name: "switch", from: this.markedAt }]);
    const since = windows["switch"] ?? total;
    return {
      edges: edgesOf(seen, server, total.lostWrites > 0, originOfClock()),
      ...longestWaitOf(seen, this.markedAt),
      errors: since.clientErrors,
      acknowledged: since.acknowledgedWrites,
      // What was lost may have been written before the mark.
      lost: total.lostWrites,
      repeated: total.repeatedWrites,
      findings,
      ownStallMs: this.stalls.max / 1e6,
    };
  }
}

/** Of `performance.now` on the machine's monotonic clock, which all processes share. Milliseconds. */
function originOfClock(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}

let running: Clients | undefined;

function started(): Clients {
  if (running === undefined) throw new Error("the clients were not started");
  return running;
}

async function answer(request: Request): Promise<Reply> {
  switch (request.type) {
    case "start":
      running = await Clients.start(request.options);
      return { type: "started", keys: running.keys };
    case "mark":
      started().mark();
      return { type: "marked" };
    case "progress":
      return { type: "progressed", ...started().progress(request.server) };
    case "stop":
      return { type: "stopped", sight: await started().stop(request.server, request.auditAt) };
  }
}

answerRequests(answer);
