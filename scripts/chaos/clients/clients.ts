import { until } from "../../../components/engine/until.ts";
import { AskedProcess } from "../../../test/support/askedProcess.ts";
import type { KeyHistory } from "../checker/history.ts";
import type { ClientsOptions, Reply, Request } from "./messages.ts";

/** Clients of one case: they write and read through the endpoint and note everything. */
export class Clients {
  private readonly child = new AskedProcess<Request, Reply>(
    new URL("process.ts", import.meta.url),
    "the clients' process",
  );

  /** Starts their process; resolves when each is connected. */
  static async start(options: ClientsOptions): Promise<Clients> {
    const clients = new Clients();
    try {
      await clients.child.ask({ type: "start", options }, "started");
    } catch (error) {
      clients.kill();
      throw error;
    }
    return clients;
  }

  /** Whether so many more writes are answered within the time. */
  async areServed(writes: number, timeoutMs: number): Promise<boolean> {
    const goal = (await this.child.ask({ type: "count" }, "counted")).writes + writes;
    const reached = async (): Promise<true | undefined> =>
      (await this.child.ask({ type: "count" }, "counted")).writes >= goal ? true : undefined;
    return until(reached, { timeoutMs, intervalMs: 20, what: "clients are served" }).catch(() => false);
  }

  /** Ends the calls, reads every key back and ends the process. */
  async stop(): Promise<KeyHistory[]> {
    try {
      return (await this.child.ask({ type: "stop" }, "stopped")).histories;
    } finally {
      this.kill();
    }
  }

  /** Ends the process at once; no-op where it has ended. */
  kill(): void {
    this.child.kill();
  }
}
