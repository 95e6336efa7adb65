import { expect } from "vitest";
import type { Colour } from "../../components/engine/colour.ts";
import { Haproxy } from "../../components/engine/haproxy.ts";
import { until } from "../../components/engine/until.ts";
import { ExpiringKeys } from "./expiringKeys.ts";
import type { TestStack } from "./testStack.ts";
import { identityOf } from "./whoServes.ts";
import { openClient } from "./workload/endpoint.ts";
import { Workload } from "./workload/workload.ts";
import { WriterWatch } from "./writerWatch.ts";

/** How long a client that comes new may wait for its first answer, in milliseconds. */
const NEWCOMER_MS = 60_000;

/** Waits until the proxy sends clients to neither colour and has ended their sessions. */
export async function expectNowhere(stack: TestStack): Promise<void> {
  const proxy = new Haproxy({ host: "127.0.0.1", port: stack.ports.runtime });
  const nowhere = async (): Promise<true | undefined> => {
    const seen = await proxy.observeIfUp();
    if (seen === undefined || seen.target !== undefined) return undefined;
    return seen.sessions.blue + seen.sessions.green === 0 ? true : undefined;
  };
  await until(nowhere, { timeoutMs: 60_000, intervalMs: 50, what: "the proxy sends clients nowhere" });
}

/** Clients that write through a stack's endpoint while things break, and a watch over who takes writes. */
export class ClientsOfStack {
  private readonly stack: TestStack;
  private readonly workload: Workload;
  private readonly expiring: ExpiringKeys;
  private readonly watch: WriterWatch;

  private constructor(stack: TestStack, workload: Workload) {
    this.stack = stack;
    this.workload = workload;
    this.expiring = new ExpiringKeys(stack.endpoint);
    this.watch = new WriterWatch((colour) => stack.server(colour));
  }

  /** Starts all of them. */
  static async start(stack: TestStack): Promise<ClientsOfStack> {
    const options = { endpoint: stack.endpoint, clients: 4, ratePerClient: 100 };
    return new ClientsOfStack(stack, await Workload.start(options));
  }

  /** Expects that the clients there are, and a new one, write to this colour. */
  async expectServes(colour: Colour): Promise<void> {
    await this.workload.awaitWrites(50);
    const newcomer = openClient(this.stack.endpoint);
    try {
      const written = newcomer.set("newcomer", "1").then(() => true);
      const options = { timeoutMs: NEWCOMER_MS, intervalMs: 0, what: "a new connection is served" };
      await until(() => written, options);
      const runId = /run_id:(\w+)/.exec(await newcomer.info("server"))?.[1];
      expect(runId).toBe(await identityOf(this.stack, colour));
    } finally {
      newcomer.disconnect();
    }
  }

  /** Expects that nothing was lost or repeated, no error surfaced, and never did both colours take writes. */
  async expectUnharmed(): Promise<void> {
    await this.expiring.stop();
    const { total, findings } = await this.workload.stop();
    expect(total, findings.join("\n")).toMatchObject({ lostWrites: 0, repeatedWrites: 0, clientErrors: 0 });
    expect(total.acknowledgedWrites).toBeGreaterThan(1_000);
    expect(this.expiring.errors).toEqual([]);
    const { looks, violations } = await this.watch.stop();
    expect(violations).toEqual([]);
    expect(looks).toBeGreaterThan(1_000);
  }

  /** Ends whatever still runs. */
  async kill(): Promise<void> {
    this.workload.kill();
    await Promise.all([this.expiring.stop(), this.watch.stop()]);
  }
}
