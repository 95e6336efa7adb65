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

  /**
   * Waits until so many more writes of every caller are answered, and one on a new connection.
   * @param timeoutMs for each of the two
   * @returns who was not served, in words; nothing where everybody was
   */
  async unserved(writes: number, timeoutMs: number): Promise<string[]> {
    const before = await this.writes();
    let missing = before.map((_, i) => i + 1);
    const reached = async (): Promise<true | undefined> => {
      const now = await this.writes();
      missing = now.flatMap((count, i) => (count < (before[i] ?? 0) + writes ? [i + 1] : []));
      return missing.length === 0 ? true : undefined;
    };
    await until(reached, { timeoutMs, intervalMs: 20, what: "clients are served" }).catch(() => undefined);
    const { served } = await this.child.ask({ type: "join", timeoutMs }, "joined");
    const within = `within ${timeoutMs} ms`;
    return [
      ...(missing.length === 0
        ? []
        : [
            `not served: callers ${missing.join(", ")} of ${before.length} got no ${writes} writes answered ${within}`,
          ]),
      ...(served ? [] : [`not served: a write on a new connection was not answered ${within}`]),
    ];
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

  private async writes(): Promise<number[]> {
    return (await this.child.ask({ type: "count" }, "counted")).writes;
  }
}
