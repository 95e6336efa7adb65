import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "../../../components/engine/until.ts";
import type { ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import type { ClientsOptions, Reply, Request, Sight } from "./messages.ts";

/** Clients of one round, in a process of their own. */
export class Clients {
  /** All that they ever write to. */
  readonly keys: string[];
  private readonly child: ChildProcess;
  private readonly connections: number;

  private constructor(child: ChildProcess, connections: number, keys: string[]) {
    this.child = child;
    this.connections = connections;
    this.keys = keys;
  }

  /** Starts them; resolves when every one has had its first answer. */
  static async start(options: ClientsOptions): Promise<Clients> {
    const child = fork(fileURLToPath(new URL("process.ts", import.meta.url)), [], { execArgv: [] });
    try {
      const { keys } = await ask(child, { type: "start", options }, "started");
      return new Clients(child, options.connections, keys);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** What is counted is counted from now on. */
  async mark(): Promise<void> {
    await ask(this.child, { type: "mark" }, "marked");
  }

  /**
   * Waits until `count` more writes were acknowledged.
   * @param server run ID of the server that every connection must lead to as well
   */
  async awaitWrites(count: number, server?: string): Promise<void> {
    const first = await this.progress(server);
    const goal = first.acknowledged + count;
    await until(
      async () => {
        const { moved, acknowledged } = await this.progress(server);
        const all = server === undefined || moved === this.connections;
        return all && acknowledged >= goal ? true : undefined;
      },
      { timeoutMs: 120_000, intervalMs: 20, what: "all clients have moved and write" },
    );
  }

  /** Stops asking, waits for what is under way, audits what is at `auditAt`, and ends the process. */
  async stop(server: string, auditAt: ClientEndpoint): Promise<Sight> {
    try {
      return (await ask(this.child, { type: "stop", server, auditAt }, "stopped")).sight;
    } finally {
      this.kill();
    }
  }

  /** Ends the process at once; no-op where it has ended. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  private progress(server = ""): Promise<Extract<Reply, { type: "progressed" }>> {
    return ask(this.child, { type: "progress", server }, "progressed");
  }
}

async function ask<T extends Reply["type"]>(
  child: ChildProcess,
  request: Request,
  type: T,
): Promise<Extract<Reply, { type: T }>> {
  if (!child.connected) throw new Error("the clients' process has ended");
  const over = new AbortController();
  try {
    const answer = once(child, "message", { signal: over.signal }) as Promise<[Reply]>;
    const end = once(child, "exit", { signal: over.signal }).then(() => {
      throw new Error(`the clients' process ended before it answered to ${request.type}`);
    });
    end.catch(() => undefined);
    child.send(request);
    const [reply] = await Promise.race([answer, end]);
    if (reply.type === "failed") throw new Error(`the clients' process: ${reply.message}`);
    if (reply.type !== type)
      throw new Error(`the clients' process answered ${reply.type} to ${request.type}`);
    return reply as Extract<Reply, { type: T }>;
  } finally {
    over.abort();
  }
}
