import type { Redis } from "ioredis";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../components/engine/messageOf.ts";
import { openClient, type ClientEndpoint } from "./workload/endpoint.ts";

/** Names used in turn; each has a time to live between the two bounds, in milliseconds. */
const KEYS = 2_000;
const SHORTEST_MS = 200;
const LONGEST_MS = 60_000;

/** How long an answer to the last write is waited for, in milliseconds. */
const STOP_MS = 30_000;

/**
 * A client that sets keys with a time to live all the time, so that whatever server is a primary has keys to expire at
 * any moment, also when nobody can write any more.
 */
export class ExpiringKeys {
  /** Errors that surfaced in the client. */
  readonly errors: string[] = [];
  private readonly client: Redis;
  private stopping = false;
  private readonly running: Promise<void>;

  /** Starts at once. */
  constructor(endpoint: ClientEndpoint) {
    this.client = openClient(endpoint);
    this.running = this.run();
  }

  /** Ends the client when its last write is answered, or without an answer where nobody gives one in time. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.race([this.running, delay(STOP_MS, undefined, { ref: false })]);
    this.client.disconnect();
  }

  private async run(): Promise<void> {
    for (let i = 0; !this.stopping; i++) {
      const ttl = SHORTEST_MS + ((i * 7_919) % (LONGEST_MS - SHORTEST_MS));
      try {
        await this.client.set(`expiring:${i % KEYS}`, i, "PX", ttl);
      } catch (error) {
        this.errors.push(messageOf(error));
      }
      await delay(5);
    }
  }
}
