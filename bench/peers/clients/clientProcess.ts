import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import type { ProcessOptions, Reply, Request, Sight } from "./messages.ts";

/** Clients in a process of their own. */
export class ClientProcess {
  /** All that they ever write to. */
  readonly keys: string[];
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, keys: string[]) {
    this.child = child;
    this.keys = keys;
  }

  /** Starts them; resolves when every one has had its first answer. */
  static async start(options: ProcessOptions): Promise<ClientProcess> {
    const child = fork(fileURLToPath(new URL("process.ts", import.meta.url)), [], { execArgv: [] });
    try {
      const { keys } = await ask(child, { type: "start", options }, "started");
      return new ClientProcess(child, keys);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** What is counted is counted from now on. */
  async mark(): Promise<void> {
    await ask(this.child, { type: "mark" }, "marked");
  }

  /** How many connections lead to the server with that run ID, and how many writes were acknowledged so far. */
  progress(server = ""): Promise<Extract<Reply, { type: "progressed" }>> {
    return ask(this.child, { type: "progress", server }, "progressed");
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
