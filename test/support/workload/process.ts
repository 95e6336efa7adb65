/**
 * The workload's own process: what else happens on the machine's event loops must not show in the measured gaps.
 * Started by workload.ts; speaks the requests and replies of messages.ts; ends when its parent goes away.
 */
import { answerRequests } from "../askedProcess.ts";
import type { Redis } from "ioredis";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { audit } from "./audit.ts";
import { openClient, type ClientEndpoint } from "./endpoint.ts";
import type { Window } from "./history.ts";
import { Lane, readLaneState } from "./lane.ts";
import type { CompleteWorkloadOptions, Reply, Request, WorkloadResult } from "./messages.ts";
import { Random } from "./random.ts";

class RunningWorkload {
  private readonly options: CompleteWorkloadOptions;
  private readonly clients: Redis[];
  private readonly lanes: Lane[];
  private readonly windows: Window[] = [];
  private readonly ending = new AbortController();
  private readonly stalls = monitorEventLoopDelay({ resolution: 1 });
  private readonly startedAt = performance.now();
  private readonly done: Promise<void>;

  /** All clients are connected when this is called. */
  private constructor(options: CompleteWorkloadOptions, clients: Redis[]) {
    this.options = options;
    this.clients = clients;
    this.lanes = clients.flatMap((client, c) =>
      Array.from({ length: options.lanesPerClient }, (_, l) => {
        const random = new Random(options.seed + c * 1_000 + l);
        return new Lane(client, `${options.keyPrefix}:${c}:${l}`, random);
      }),
    );
    const intervalMs = (1_000 * options.lanesPerClient) / options.ratePerClient;
    this.stalls.enable();
    this.done = Promise.all(this.lanes.map((lane) => lane.run(intervalMs, this.ending.signal))).then(
      () => undefined,
    );
    setTimeout(() => {
      this.ending.abort();
    }, options.maxDurationMs).unref();
  }

  static async start(options: CompleteWorkloadOptions): Promise<RunningWorkload> {
    const clients = Array.from({ length: options.clients }, () => openClient(options.endpoint));
    await Promise.all(clients.map((client) => client.ping()));
    return new RunningWorkload(options, clients);
  }

  mark(name: string): void {
    this.windows.push({ name, from: performance.now() });
  }

  acknowledgedWrites(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
  }

  async stop(auditAt: ClientEndpoint): Promise<WorkloadResult> {
    this.ending.abort();
    await Promise.race([this.done, delay(this.options.drainTimeoutMs, undefined, { ref: false })]);
    const stoppedAt = performance.now();
    this.stalls.disable();
    this.markUnanswered(stoppedAt);
    for (const client of this.clients) client.disconnect();
    const reader = openClient(auditAt);
    const lanes = await Promise.all(
      this.lanes.map(async ({ history }) => ({ history, state: await readLaneState(reader, history) })),
    );
    reader.disconnect();
    return {
      ...audit(lanes, this.windows),
      operations: lanes.reduce((sum, { history }) => sum + history.operations.length, 0),
      durationMs: stoppedAt - this.startedAt,
      ownStallMs: this.stalls.max / 1e6,
    };
  }

  /** Gives operations that nobody answered the time that they waited. */
  private markUnanswered(now: number): void {
    for (const { history } of this.lanes) {
      for (const operation of history.operations.slice(-1)) {
        if (operation.outcome === "unknown" && operation.error === undefined) operation.endedAt = now;
      }
    }
  }
}

let running: RunningWorkload | undefined;

function started(): RunningWorkload {
  if (running === undefined) throw new Error("the workload was not started");
  return running;
}

async function answer(request: Request): Promise<Reply> {
  switch (request.type) {
    case "start":
      running = await RunningWorkload.start(request.options);
      return { type: "started" };
    case "mark":
      started().mark(request.window);
      return { type: "marked" };
    case "count":
      return { type: "counted", acknowledgedWrites: started().acknowledgedWrites() };
    case "stop":
      return { type: "stopped", result: await started().stop(request.auditAt) };
  }
}

answerRequests(answer);
