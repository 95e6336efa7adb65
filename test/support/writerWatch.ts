import { setTimeout as delay } from "node:timers/promises";
import { COLOURS, otherColour, type Colour } from "../../components/engine/colour.ts";
import { parseInfo } from "../../components/engine/infoReply.ts";
import { RedisServerError, type RedisServer } from "../../components/engine/redisServer.ts";
import { readRaised } from "../../components/engine/selfDescribing.ts";
import { PROXY_USER } from "../../components/engine/users.ts";

/** What the watch saw. */
export interface WatchResult {
  /** Complete looks at both colours. */
  looks: number;
  /** Moments at which both colours took writes, in words. */
  violations: string[];
  /** The largest number of colours that took writes at one moment. */
  mostWriters: number;
  /** The longest time without a complete look, in milliseconds. */
  longestGapMs: number;
}

/** Milliseconds between two looks, unless said otherwise. */
const INTERVAL_MS = 5;

/**
 * Looks at both colours all the time for a moment at which both take writes from clients: a primary that isn't fenced and
 * lets the proxy in. Servers that don't answer are connected again.
 */
export class WriterWatch {
  private readonly connect: (colour: Colour) => Promise<RedisServer>;
  private readonly servers = new Map<Colour, RedisServer>();
  private readonly result: WatchResult = { looks: 0, violations: [], mostWriters: 0, longestGapMs: 0 };
  private lookedAt = performance.now();
  private readonly intervalMs: number;
  private stopping = false;
  private readonly running: Promise<void>;

  /** Starts at once. */
  constructor(connect: (colour: Colour) => Promise<RedisServer>, intervalMs = INTERVAL_MS) {
    this.connect = connect;
    this.intervalMs = intervalMs;
    this.running = this.run();
  }

  /** Ends the watch. */
  async stop(): Promise<WatchResult> {
    this.stopping = true;
    await this.running;
    this.endGap();
    for (const server of this.servers.values()) server.close();
    return this.result;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      for (const colour of COLOURS) await this.lookAround(colour);
      await delay(this.intervalMs);
    }
  }

  /**
   * The two servers can't be asked at the same instant. A colour that took writes both before and after the other one
   * did has taken them at the same time: neither opens again while the other is open.
   */
  private async lookAround(colour: Colour): Promise<void> {
    const before = await this.takesWrites(colour);
    const between = await this.takesWrites(otherColour(colour));
    const after = await this.takesWrites(colour);
    if (before === undefined || between === undefined || after === undefined) return;
    this.endGap();
    this.result.looks += 1;
    const writers = Number(before && after) + Number(between);
    this.result.mostWriters = Math.max(this.result.mostWriters, writers);
    if (before && between && after) {
      this.result.violations.push(`${new Date().toISOString()}: blue and green both take writes`);
    }
  }

  private endGap(): void {
    const now = performance.now();
    this.result.longestGapMs = Math.max(this.result.longestGapMs, now - this.lookedAt);
    this.lookedAt = now;
  }

  /** All three locks in one transaction; undefined where the server doesn't answer. */
  private async takesWrites(colour: Colour): Promise<boolean | undefined> {
    try {
      const server = this.servers.get(colour) ?? (await this.connect(colour));
      this.servers.set(colour, server);
      const [info, fence, user] = (await server.transaction(
        ["INFO", "replication"],
        ["CONFIG", "GET", "min-replicas-to-write"],
        ["ACL", "GETUSER", PROXY_USER],
      )) as [string, string[], unknown[]];
      const flags = user[user.indexOf("flags") + 1] as string[];
      const isMaster = parseInfo(info).get("role") === "master";
      return isMaster && !readRaised(fence[1]).raised && flags.includes("on");
    } catch (error) {
      if (!(error instanceof RedisServerError)) throw error;
      this.servers.get(colour)?.close();
      this.servers.delete(colour);
      return undefined;
    }
  }
}
