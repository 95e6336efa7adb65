import { Redis, ReplyError } from "ioredis";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../../components/engine/messageOf.ts";
import { openClient, type ClientEndpoint } from "../../../test/support/workload/endpoint.ts";
import type { Random } from "../../../test/support/workload/random.ts";
import { KINDS, type Call, type CallKind, type KeyHistory } from "../checker/history.ts";
import type { Manner } from "./messages.ts";
import { send } from "./keys.ts";

/** The least time from one call of a caller to its next, in milliseconds. */
const INTERVAL_MS = 20;
/** How long a client that sends once waits for an answer before it gives the connection up. */
const SILENCE_MS = 3_000;
/** How many of 10 calls change something; the rest look. */
const WRITES_IN_TEN = 7;
const WRITES: readonly CallKind[] = ["increment", "set", "push", "add"];

/** A connection for several callers. */
export function connectFor(manner: Manner, endpoint: ClientEndpoint): Redis {
  if (manner === "resend") return openClient(endpoint);
  const { host, port, password } = endpoint;
  const client = new Redis({
    host,
    port,
    ...(password === undefined ? {} : { password }),
    retryStrategy: () => 20,
    // What was not sent fails at once, and what was sent and not answered when the connection ends is given up.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    socketTimeout: SILENCE_MS,
    connectTimeout: SILENCE_MS,
  });
  client.on("error", () => undefined);
  return client;
}

/** Milliseconds since 1970 with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** One loop that asks, waits for the answer, notes both, and asks again, on keys that it shares with the others. */
export class Caller {
  /** Writes answered so far. */
  writes = 0;
  private readonly client: Redis;
  private readonly keys: KeyHistory[];
  private readonly random: Random;
  private readonly firstValue: number;
  private calls = 0;

  /** @param number of this caller, from 1: what it writes differs from what the others do */
  constructor(client: Redis, keys: KeyHistory[], random: Random, number: number) {
    this.client = client;
    this.keys = keys;
    this.random = random;
    this.firstValue = number * 1_000_000;
  }

  /** Runs until `signal` is aborted; the call that is then under way is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    let next = performance.now() + this.random.next() * INTERVAL_MS;
    for (;;) {
      await delay(Math.max(0, next - performance.now()));
      if (signal.aborted || !(await this.connected(signal))) return;
      next = Math.max(next, performance.now()) + INTERVAL_MS;
      await this.call();
    }
  }

  /** Waits for a connection, which a client that queues doesn't need. */
  private async connected(signal: AbortSignal): Promise<boolean> {
    if (this.client.options.enableOfflineQueue === true || this.client.status === "ready") return true;
    const over = new AbortController();
    // Not `once(client, "ready")`: that ends with the first error event, of which there are many.
    const ready = new Promise<true>((resolve) => {
      this.client.once("ready", () => {
        resolve(true);
      });
    });
    const aborted = once(signal, "abort", { signal: over.signal }).then(
      () => false,
      () => false,
    );
    try {
      return await Promise.race([ready, aborted]);
    } finally {
      over.abort();
    }
  }

  private async call(): Promise<void> {
    const history = this.keys[this.random.between(0, this.keys.length - 1)];
    if (history === undefined) return;
    const call = this.next(history);
    history.calls.push(call);
    try {
      call.reply = await send(this.client, call);
      call.outcome = "ok";
      call.endedAt = now();
      if (WRITES.includes(call.kind)) this.writes += 1;
    } catch (error) {
      call.error = messageOf(error);
      if (isNotCarriedOut(error)) {
        call.outcome = "fail";
        call.endedAt = now();
      }
    }
  }

  private next({ key, type }: KeyHistory): Call {
    const kinds = KINDS[type];
    const writes = kinds.filter((kind) => WRITES.includes(kind));
    const looks = kinds.filter((kind) => !WRITES.includes(kind));
    const choice = looks.length === 0 || this.random.next() * 10 < WRITES_IN_TEN ? writes : looks;
    const [kind = "get"] = choice;
    // A member is one that somebody may have added a little while ago.
    const value = type === "set" ? this.random.between(1, 2_000) : this.firstValue + ++this.calls;
    // Until it is answered: what never is must be in the history too.
    return { key, kind, value, invokedAt: now(), endedAt: Infinity, outcome: "unknown" };
  }
}

/** An error reply, or a command that the client library did not send. */
function isNotCarriedOut(error: unknown): boolean {
  return error instanceof ReplyError || (error instanceof Error && /isn't writeable/.test(error.message));
}
