import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "../../../components/engine/until.ts";
import type { KeyHistory } from "../checker/history.ts";
import type { ClientsOptions, Reply, Request } from "./messages.ts";

/** Clients of one case: they write and read through the endpoint and note everything. */
export class Clients {
  private readonly child: ChildProcess;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Starts their process; resolves when each is connected. */
  static async start(options: ClientsOptions): Promise<Clients> {
    const file = fileURLToPath(new URL("process.ts", import.meta.url));
    // By structured clone: JSON has no Infinity. No execArgv: a test runner's loaders have no business in there.
    const child = fork(file, [], { execArgv: [], serialization: "advanced" });
    const clients = new Clients(child);
    try {
      await clients.ask({ type: "start", options }, "started");
    } catch (error) {
      clients.kill();
      throw error;
    }
    return clients;
  }

  /** Whether so many more writes are answered within the time. */
  async areServed(writes: number, timeoutMs: number): Promise<boolean> {
    const goal = (await this.ask({ type: "count" }, "counted")).writes + writes;
    const reached = async (): Promise<true | undefined> =>
      (await this.ask({ type: "count" }, "counted")).writes >= goal ? true : undefined;
    return until(reached, { timeoutMs, intervalMs: 20, what: "clients are served" }).catch(() => false);
  }

  /** Ends the calls, reads every key back and ends the process. */
  async stop(): Promise<KeyHistory[]> {
    try {
      return (await this.ask({ type: "stop" }, "stopped")).histories;
    } finally {
      this.kill();
    }
  }

  /** Ends the process at once; no-op where it has ended. */
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
    if (answer.type === "failed") throw new Error(`the clients' process: ${answer.message}`);
    if (answer.type !== type)
      throw new Error(`the clients' process answered ${answer.type} to ${request.type}`);
    return answer as Extract<Reply, { type: T }>;
  }

  private async exchange(request: Request): Promise<Reply> {
    if (!this.child.connected) throw new Error("the clients' process has ended");
    const over = new AbortController();
    try {
      const answer = once(this.child, "message", { signal: over.signal }) as Promise<[Reply]>;
      const end = once(this.child, "exit", { signal: over.signal }).then(() => {
        throw new Error(`the clients' process ended before it answered to ${request.type}`);
      });
      end.catch(() => undefined);
      this.child.send(request);
      return (await Promise.race([answer, end]))[0];
    } finally {
      over.abort();
    }
  }
}
