import { Redis } from "ioredis";
import { openClient } from "../../../test/support/workload/endpoint.ts";
import type { ClientTarget } from "./messages.ts";

/** A server is asked for its name only so long after a connection stands that all clients have theirs again. */
const ASK_AFTER_MS = 100;

/** A connection of a client, from its first moment on. */
export interface Epoch {
  /** When it was ready. On this process's monotonic clock, in milliseconds, like the others. */
  since: number;
  /** When it stood, before the library's own questions, and when the one before it was closed. */
  connectedAt: number;
  closedAt: number;
  /** Run ID of the server that it leads to; absent until the server has said so, and where it ended before. */
  server?: string;
}

/** An ioredis client with the options that the README recommends, which knows when it was connected to which server. */
export class TrackedClient {
  readonly redis: Redis;
  private readonly epochs: Epoch[] = [];

  private connectedAt = 0;
  private closedAt = 0;

  constructor(target: ClientTarget) {
    this.redis = open(target);
    this.redis.on("connect", () => (this.connectedAt = performance.now()));
    this.redis.on("close", () => (this.closedAt = performance.now()));
    this.redis.on("ready", () => {
      const epoch: Epoch = {
        since: performance.now(),
        connectedAt: this.connectedAt,
        closedAt: this.closedAt,
      };
      this.epochs.push(epoch);
      setTimeout(() => void this.ask(epoch), ASK_AFTER_MS).unref();
    });
  }

  /** The connection over which answers came at that time. */
  epochAt(time: number): Epoch | undefined {
    return this.epochs.findLast(({ since }) => since <= time);
  }

  private async ask(epoch: Epoch): Promise<void> {
    if (this.epochs.at(-1) !== epoch || this.redis.status !== "ready") return;
    const info = await this.redis.info("server").catch(() => "");
    const server = /run_id:(\w+)/.exec(info)?.[1];
    // Sent again over a later connection, it would tell of that one.
    if (this.epochs.at(-1) === epoch && server !== undefined) epoch.server = server;
  }
}

function open(target: ClientTarget): Redis {
  if (target.kind === "endpoint") return openClient(target.endpoint);
  const alike = openClient({ host: "127.0.0.1", port: 1 });
  const { retryStrategy, reconnectOnError, maxRetriesPerRequest } = alike.options;
  alike.disconnect();
  const client = new Redis({
    ...(retryStrategy === undefined ? {} : { retryStrategy }),
    ...(reconnectOnError === undefined ? {} : { reconnectOnError }),
    maxRetriesPerRequest: maxRetriesPerRequest ?? null,
    sentinels: target.sentinels,
    name: target.group,
    password: target.password,
    natMap: target.published,
    // The best that it has: it leaves the old primary as soon as any Sentinel announces a new one.
    failoverDetector: true,
    sentinelRetryStrategy: (attempt) => Math.min(20 + (attempt - 1) * 10, 500),
  });
  client.on("error", () => undefined);
  return client;
}
