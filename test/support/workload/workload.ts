import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AskedProcess } from "../askedProcess.ts";
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
  private readonly child: AskedProcess<Request, Reply>;

  private constructor(options: WorkloadOptions) {
    this.options = {
      clients: 8,
      lanesPerClient: 4,
      ratePerClient: 300,
      maxDurationMs: 3_600_000,
      drainTimeoutMs: 60_000,
      keyPrefix: `workload:${randomUUID().slice(0, 8)}`,
      seed: 1,
      ...options,
    };
    this.child = new AskedProcess(new URL("process.ts", import.meta.url), "the workload's process");
  }

  /** Starts the process; resolves when every client has had its first answer. */
  static async start(options: WorkloadOptions): Promise<Workload> {
    const workload = new Workload(options);
    try {
      await workload.child.ask({ type: "start", options: workload.options }, "started");
    } catch (error) {
      workload.kill();
      throw error;
    }
    return workload;
  }

  /** Starts a window: operations asked for from now on, until the next mark, are counted under this name. */
  async mark(window: string): Promise<void> {
    await this.child.ask({ type: "mark", window }, "marked");
  }

  /** Writes acknowledged since the start. */
  async acknowledgedWrites(): Promise<number> {
    return (await this.child.ask({ type: "count" }, "counted")).acknowledgedWrites;
  }

  /**
   * Resolves when `count` more writes have been acknowledged than were at the call.
   * @throws Error when that takes longer than `timeoutMs`; default 60,000
   */
  async awaitWrites(count: number, timeoutMs = 60_000): Promise<void> {
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
      return (await this.child.ask({ type: "stop", auditAt }, "stopped")).result;
    } finally {
      this.kill();
    }
  }

  /** Ends the process at once, without an audit; no-op where it has ended. */
  kill(): void {
    this.child.kill();
  }
}
