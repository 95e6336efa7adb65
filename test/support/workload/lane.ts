import { ReplyError, type Redis } from "ioredis";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../../components/engine/messageOf.ts";
import type { LaneHistory, LaneState, Operation, OperationKind } from "./history.ts";
import type { Random } from "./random.ts";

/** In how many of 100 operations each kind is asked for; the rest are reads. */
const MIX = { increment: 30, set: 25, push: 25 };

/** One closed loop of a client: asks, waits for the answer, notes both, and asks again at its pace. */
export class Lane {
  readonly history: LaneHistory;
  /** Writes acknowledged so far. */
  acknowledged = 0;
  private readonly client: Redis;
  private readonly random: Random;
  private readonly sequences: Record<OperationKind, number> = { increment: 0, set: 0, push: 0, read: 0 };

  /** @param prefix of the lane's three keys, which nothing else may write */
  constructor(client: Redis, prefix: string, random: Random) {
    this.client = client;
    this.random = random;
    this.history = {
      counter: `${prefix}:counter`,
      register: `${prefix}:register`,
      list: `${prefix}:list`,
      operations: [],
    };
  }

  /**
   * Runs until `signal` is aborted; the operation that is then under way is waited for.
   * @param intervalMs the least time from one operation's start to the next; time lost by waiting is not made up for
   */
  async run(intervalMs: number, signal: AbortSignal): Promise<void> {
    let next = performance.now() + this.random.next() * intervalMs;
    for (;;) {
      await delay(Math.max(0, next - performance.now()));
      if (signal.aborted) return;
      next = Math.max(next, performance.now()) + intervalMs;
      await this.operate(this.pick());
    }
  }

  private pick(): OperationKind {
    const draw = this.random.next() * 100;
    if (draw < MIX.increment) return "increment";
    if (draw < MIX.increment + MIX.set) return "set";
    return draw < MIX.increment + MIX.set + MIX.push ? "push" : "read";
  }

  private async operate(kind: OperationKind): Promise<void> {
    const sequence = ++this.sequences[kind];
    const invokedAt = performance.now();
    // Noted before it is answered: what is never answered must be in the history too.
    const operation: Operation = { kind, sequence, invokedAt, endedAt: invokedAt, outcome: "unknown" };
    this.history.operations.push(operation);
    try {
      operation.reply = await this.send(kind, sequence);
      operation.outcome = "ok";
      if (kind !== "read") this.acknowledged += 1;
    } catch (error) {
      operation.outcome = error instanceof ReplyError ? "fail" : "unknown";
      operation.error = messageOf(error);
    }
    operation.endedAt = performance.now();
  }

  private async send(kind: OperationKind, sequence: number): Promise<number> {
    switch (kind) {
      case "increment":
        return this.client.incr(this.history.counter);
      case "set":
        await this.client.set(this.history.register, sequence);
        return sequence;
      case "push":
        return this.client.rpush(this.history.list, sequence);
      case "read":
        return Number((await this.client.get(this.history.register)) ?? 0);
    }
  }
}

/** Reads what the lane's keys hold. */
export async function readLaneState(client: Redis, history: LaneHistory): Promise<LaneState> {
  const [counter, register, list] = await Promise.all([
    client.get(history.counter),
    client.get(history.register),
    client.lrange(history.list, 0, -1),
  ]);
  return { counter: Number(counter ?? 0), register: Number(register ?? 0), list: list.map(Number) };
}
