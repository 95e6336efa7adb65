import { setTimeout as delay } from "node:timers/promises";
import { RedisServer, RedisServerError } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import type { ClientEndpoint } from "./workload/endpoint.ts";

/** Between two writes, and before it connects again. Milliseconds. */
const INTERVAL_MS = 5;
/** Writes may be held for longer; those are given up. Milliseconds. */
const ANSWER_MS = 5_000;
const KEY = "acknowledged";

/**
 * A client that adds one number after the other to a set and remembers which were acknowledged. What it got no answer to
 * it gives up: so nothing it remembers may be missing afterwards, however often servers die meanwhile.
 */
export class AcknowledgedKeys {
  private readonly endpoint: ClientEndpoint;
  private readonly acknowledged: number[] = [];
  private readonly running: Promise<void>;
  private stopping = false;
  private server: RedisServer | undefined;

  /** Starts at once. */
  constructor(endpoint: ClientEndpoint) {
    this.endpoint = endpoint;
    this.running = this.run();
  }

  /** Resolves when so many more writes have been acknowledged. @param where for the message when that takes long */
  async awaitWrites(count: number, where: string): Promise<void> {
    const goal = this.acknowledged.length + count;
    await until(() => Promise.resolve(this.acknowledged.length >= goal ? true : undefined), {
      timeoutMs: 60_000,
      intervalMs: INTERVAL_MS,
      what: `${where}: ${count} writes are acknowledged`,
    });
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    this.server?.close();
  }

  /** Ends it, and tells which acknowledged numbers a server doesn't hold. */
  async missingOn(server: RedisServer): Promise<number[]> {
    await this.stop();
    const held = new Set((await server.call("SMEMBERS", KEY)) as string[]);
    return this.acknowledged.filter((number) => !held.has(String(number)));
  }

  private async run(): Promise<void> {
    for (let number = 0; !this.stopping; number++) {
      try {
        const { host, port, username = "default", password = "" } = this.endpoint;
        this.server ??= await RedisServer.connect({ host, port }, { username, password }, ANSWER_MS);
        await this.server.call("SADD", KEY, number);
        this.acknowledged.push(number);
      } catch (error) {
        if (!(error instanceof RedisServerError)) throw error;
        this.server?.close();
        this.server = undefined;
      }
      await delay(INTERVAL_MS);
    }
  }
}
