import { until } from "../../../components/engine/until.ts";
import type { ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import { ClientProcess } from "./clientProcess.ts";
import type { ClientTarget, ClientTrace, ProcessOptions, Sight } from "./messages.ts";
import { pausesOf, type Pauses } from "./sight.ts";

/** What the clients of a round do. */
export interface ClientsOptions {
  target: ClientTarget;
  connections: number;
  /** `load`: 2,000 operations a second over all connections. `idle`: one writes, one write after the other. */
  load: "idle" | "load";
  /** Of all keys. */
  keyPrefix: string;
}

/** What all clients of a round saw together. */
export type SightOfAll = Omit<Sight, "edges"> & Pauses & { waitTrace?: ClientTrace };

/**
 * Clients of one round. One of them writes one write after the other from a process of its own, to see the pause by: in
 * one process with the others it would wait until each of them has logged in again, which takes a core 1.4 ms.
 */
export class Clients {
  /** All that they ever write to. */
  readonly keys: string[];
  private readonly processes: ClientProcess[];
  private readonly connections: number;

  private constructor(processes: ClientProcess[], connections: number) {
    this.processes = processes;
    this.connections = connections;
    this.keys = processes.flatMap(({ keys }) => keys);
  }

  /** Starts them; resolves when every one has had its first answer. */
  static async start(options: ClientsOptions): Promise<Clients> {
    const started = await Promise.allSettled(processesFor(options).map((part) => ClientProcess.start(part)));
    const processes = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failed = started.find((outcome) => outcome.status === "rejected");
    const clients = new Clients(processes, options.connections);
    if (failed !== undefined) {
      clients.kill();
      throw failed.reason;
    }
    return clients;
  }

  /** What is counted is counted from now on. */
  async mark(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.mark()));
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

  /** Stops asking, waits for what is under way, audits what is at `auditAt`, and ends the processes. */
  async stop(server: string, auditAt: ClientEndpoint): Promise<SightOfAll> {
    return together(await Promise.all(this.processes.map((process) => process.stop(server, auditAt))));
  }

  /** Ends the processes at once; no-op where they have ended. */
  kill(): void {
    for (const process of this.processes) process.kill();
  }

  private async progress(server?: string): Promise<{ moved: number; acknowledged: number }> {
    const parts = await Promise.all(this.processes.map((process) => process.progress(server)));
    return { moved: sum(parts, "moved"), acknowledged: sum(parts, "acknowledged") };
  }
}

function processesFor({ target, connections, load, keyPrefix }: ClientsOptions): ProcessOptions[] {
  const part = (name: string, count: number, pace: ProcessOptions["pace"]): ProcessOptions => ({
    target,
    connections: count,
    pace,
    keyPrefix: `${keyPrefix}:${name}`,
  });
  if (connections === 1) return [part("all", 1, load === "idle" ? "at once" : "rate")];
  return [part("one", 1, "at once"), part("rest", connections - 1, load === "idle" ? "rest" : "rate")];
}

function together(sights: readonly Sight[]): SightOfAll {
  const [first, ...others] = sights;
  if (first === undefined) throw new Error("there were no clients");
  const longest = others.reduce((a, b) => (b.longestWaitMs > a.longestWaitMs ? b : a), first);
  return {
    ...pausesOf(sights.map(({ edges }) => edges)),
    longestWaitMs: longest.longestWaitMs,
    ...(longest.waitTrace === undefined ? {} : { waitTrace: longest.waitTrace }),
    errors: sum(sights, "errors"),
    acknowledged: sum(sights, "acknowledged"),
    lost: sum(sights, "lost"),
    repeated: sum(sights, "repeated"),
    findings: sights.flatMap(({ findings }) => findings),
    ownStallMs: Math.max(...sights.map(({ ownStallMs }) => ownStallMs)),
  };
}

function sum<K extends string>(parts: readonly Record<K, number>[], field: K): number {
  return parts.reduce((total, part) => total + part[field], 0);
}
