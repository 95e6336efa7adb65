import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ClientEndpoint } from "./endpoint.ts";
import type { CompleteWorkloadOptions, Reply, Request, WorkloadOptions, WorkloadResult } from "./messages.ts";

/** How often `awaitWrites` asks the process for its count, in milliseconds. */
const COUNT_INTERVAL_MS = 50;

/** The commands that workload and seed use, in lower case, as a verdict on the way back wants to know them. */
export const COMMANDS_IN_USE: ReadonlySet<string> = new Set(
  "get set del incr rpush lrange hset sadd zadd xadd xgroup xreadgroup pexpire ping".split(" "),
);

/**
 * Clients that write through an endpoint, in a process of their own, and know afterwards whether any acknowledged
 * write was lost or applied twice.
 * @example
 * const workload = await Workload.start({ endpoint });
 * await workload.mark("cutover");
 * … cut over …
 * const { windows } = await workload.stop();
 */
export class Workload {
  /** The options, with the defaults filled in. */
  readonly options: CompleteWorkloadOptions;
  private readonly child: ChildProcess;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(options: WorkloadOptions) {
    this.options = {
      clients: 8,
      lanesPerClient: 4,
      ratePerClient: 300,
      maxDurationMs: 900_000,
      drainTimeoutMs: 30_000,
      keyPrefix: `workload:${randomUUID().slice(0, 8)}`,
      seed: 1,
      ...options,
    };
    // No execArgv: a test runner's loaders have no business in there.
    this.child = fork(fileURLToPath(new URL("process.ts", import.meta.url)), [], { execArgv: [] });
  }

  /** Starts the process; resolves when every client has had its first answer. */
  static async start(options: WorkloadOptions): Promise<Workload> {
    const workload = new Workload(options);
    try {
      await workload.ask({ type: "start", options: workload.options }, "started");
    } catch (error) {
      workload.kill();
      throw error;
    }
    return workload;
  }

  /** Starts a window: operations asked for from now on, until the next mark, are counted under this name. */
  async mark(window: string): Promise<void> {
    await this.ask({ type: "mark", window }, "marked");
  }

  /** Writes acknowledged since the start. */
  async acknowledgedWrites(): Promise<number> {
    return (await this.ask({ type: "count" }, "counted")).acknowledgedWrites;
  }

  /**
   * Resolves when `count` more writes have been acknowledged than were at the call.
   * @throws Error when that takes longer than `timeoutMs`; default 30,000
   */
  async awaitWrites(count: number, timeoutMs = 30_000): Promise<void> {
    const goal = (await this.acknowledgedWrites()) + count;
    const deadline = performance.now() + timeoutMs;
    while ((await this.acknowledgedWrites()) < goal) {
      if (performance.now() > deadline)
        throw new Error(`no ${count} writes were acknowledged in ${timeoutMs} ms`);
      await delay(COUNT_INTERVAL_MS);
    }
  }

  /**
   * Stops asking, waits for what is under way, audits and ends the process.
   * @param auditAt where the data is read back; default: the workload's endpoint
   */
  async stop(auditAt: ClientEndpoint = this.options.endpoint): Promise<WorkloadResult> {
    try {
      return (await this.ask({ type: "stop", auditAt }, "stopped")).result;
    } finally {
      this.kill();
    }
  }

  /** Ends the process at once, without an audit; no-op where it has ended. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  private async ask<T extends Reply["type"]>(
    request: Request,
    type: T,
  ): Promise<Extract<Reply, { type: T }>> {
    const reply = this.turn.then(() => this.exchange(request));
    this.turn = reply.catch(() => undefined);
    const answer = await reply;
    if (answer.type === "failed") throw new Error(`the workload's process: ${answer.message}`);
    if (answer.type !== type)
      throw new Error(`the workload's process answered ${answer.type} to ${request.type}`);
    return answer as Extract<Reply, { type: T }>;
  }

  private async exchange(request: Request): Promise<Reply> {
    if (!this.child.connected) throw new Error("the workload's process has ended");
    const over = new AbortController();
    try {
      const answer = once(this.child, "message", { signal: over.signal }) as Promise<[Reply]>;
      const end = once(this.child, "exit", { signal: over.signal }).then(() => {
        throw new Error(`the workload's process ended before it answered to ${request.type}`);
      });
      end.catch(() => undefined);
      this.child.send(request);
      return (await Promise.race([answer, end]))[0];
    } finally {
      over.abort();
    }
  }
}
