import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { defaults } from "../../components/arguments.ts";
import type { BridgeSettings } from "../../components/engine/bridge/bridge.ts";
import { nodeFlags } from "../../components/engine/bridge/nodeFlags.ts";
import type { BridgeStatus } from "../../components/engine/bridge/bridgeStatus.ts";
import { until } from "../../components/engine/until.ts";

const MAIN = fileURLToPath(new URL("../../components/engine/bridge/main.ts", import.meta.url));

/** A bridge in a process of its own, as it runs in production. */
export class BridgeProcess {
  readonly child: ChildProcess;
  output = "";

  constructor({ settings }: { settings: BridgeSettings }) {
    const { blue, green } = settings;
    this.child = spawn(process.execPath, [...nodeFlags(defaults.bridge.memory), MAIN], {
      env: {
        PATH: process.env["PATH"],
        REDIS_BRIDGE_BLUE_HOST: blue.address.host,
        REDIS_BRIDGE_BLUE_PORT: String(blue.address.port),
        REDIS_BRIDGE_BLUE_USERNAME: blue.login.username,
        REDIS_BRIDGE_BLUE_PASSWORD: blue.login.password,
        REDIS_BRIDGE_GREEN_HOST: green.address.host,
        REDIS_BRIDGE_GREEN_PORT: String(green.address.port),
        REDIS_BRIDGE_GREEN_USERNAME: green.login.username,
        REDIS_BRIDGE_GREEN_PASSWORD: green.login.password,
        REDIS_BRIDGE_STATUS_HOST: "127.0.0.1",
        REDIS_BRIDGE_STATUS_PORT: "0",
      },
    });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill(signal);
    await gone;
  }

  /** Waits until its log ends like this. */
  async logged(end: string): Promise<void> {
    const probe = (): Promise<true | undefined> =>
      Promise.resolve(this.output.endsWith(`${end}\n`) ? true : undefined);
    await until(probe, { timeoutMs: 60_000, intervalMs: 5, what: `the bridge's log ends with ${end}` });
  }

  /** Where it tells its state, once it does. */
  async statusPort(): Promise<number> {
    const probe = (): Promise<number | undefined> => {
      const port = /"statusPort":(\d+)/.exec(this.output)?.[1];
      return Promise.resolve(port === undefined ? undefined : Number(port));
    };
    return until(probe, { timeoutMs: 60_000, intervalMs: 20, what: "the bridge tells its port" });
  }

  /** What it serves to whoever watches it. */
  async health(): Promise<BridgeStatus & { residentBytes: number }> {
    const reply = await fetch(`http://127.0.0.1:${await this.statusPort()}/health`);
    return (await reply.json()) as BridgeStatus & { residentBytes: number };
  }
}
