import { AskedProcess } from "../../../test/support/askedProcess.ts";
import type { ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import type { ProcessOptions, Reply, Request, Sight } from "./messages.ts";

/** Clients in a process of their own. */
export class ClientProcess {
  /** All that they ever write to. */
  readonly keys: string[];
  private readonly child: AskedProcess<Request, Reply>;

  private constructor(child: AskedProcess<Request, Reply>, keys: string[]) {
    this.child = child;
    this.keys = keys;
  }

  /** Starts them; resolves when every one has had its first answer. */
  static async start(options: ProcessOptions): Promise<ClientProcess> {
    const child = new AskedProcess<Request, Reply>(
      new URL("process.ts", import.meta.url),
      "the clients' process",
    );
    try {
      const { keys } = await child.ask({ type: "start", options }, "started");
      return new ClientProcess(child, keys);
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** What is counted is counted from now on. */
  async mark(): Promise<void> {
    await this.child.ask({ type: "mark" }, "marked");
  }

  /** How many connections lead to the server with that run ID, and how many writes were acknowledged so far. */
  progress(server = ""): Promise<Extract<Reply, { type: "progressed" }>> {
    return this.child.ask({ type: "progress", server }, "progressed");
  }

  /** Stops asking, waits for what is under way, audits what is at `auditAt`, and ends the process. */
  async stop(server: string, auditAt: ClientEndpoint): Promise<Sight> {
    try {
      return (await this.child.ask({ type: "stop", server, auditAt }, "stopped")).sight;
    } finally {
      this.kill();
    }
  }

  /** Ends the process at once; no-op where it has ended. */
  kill(): void {
    this.child.kill();
  }
}
