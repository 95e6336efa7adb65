import { setTimeout as delay } from "node:timers/promises";
import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { messageOf } from "../../components/engine/messageOf.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { RunningUpdate } from "../../test/support/runningUpdate.ts";
import type { CommandResult, TestStack } from "../../test/support/testStack.ts";
import { WriterWatch } from "../../test/support/writerWatch.ts";
import type { Arena } from "./arena.ts";
import { isClean, type CaseResult } from "./caseResult.ts";
import type { Case } from "./cases.ts";
import { checkHistories } from "./checker/check.ts";
import { Clients } from "./clients/clients.ts";
import { converge, type Convergence } from "./converge.ts";
import type { Mend, Scene } from "./faults/fault.ts";
import { FAULTS } from "./faults/index.ts";
import { judge, type Evidence, type Facts } from "./judge.ts";
import { watchRoute, type WatchRoute } from "./watchRoute.ts";
import { awaitAnswers, differences, openColour, stateOf } from "./observe.ts";

/** How long the driver stands still by itself; the message of it needs time to get here, and the fault to be made. */
const FREEZE_MS = 700;
/** How long a driver that is to be killed waits for that. */
const FREEZE_FOR_KILL_MS = 60_000;
/** A driver that meets a fault has to end by itself within this time. */
const DRIVER_MS = 180_000;
const SERVED_WITHIN_MS = 15_000;
const WATCH_MS = 1;
/** Writes of every client around a case. */
const WRITES_BEFORE = 12;
const WRITES_AFTER = 6;

/** Runs one case from preparation to audit, in an arena of the ground that its fault needs. */
export async function runCase(one: Case, arena: Arena, seed: number): Promise<CaseResult> {
  const to: Colour = one.direction === "cutover" ? "green" : "blue";
  const stack = await arena.prepare(otherColour(to));
  const observers = await Observers.start(stack, one, seed);
  try {
    await stack.edit({ live: to });
    const faulted = await strike(one, stack, to);
    const servesAfter = await openColour(stack);
    const convergence = await converge(stack, to);
    const unserved = await observers.clients.unserved(WRITES_AFTER, SERVED_WITHIN_MS);
    const evidence = await observers.stop();
    const found = await audit(stack, arena, convergence);
    const state = convergence.converged ? [] : await stateOf(stack);
    const { versions, hasWayBack: hadWayBack } = arena;
    const circumstances = { versions, seed, to, hadWayBack, faulted, servesAfter, convergence };
    const result = judge(one, { ...circumstances, unserved, evidence, ...found, state });
    if (!isClean(result) || result.outcome === "needs operator") arena.spoil();
    return result;
  } finally {
    await observers.kill();
  }
}

/** Clients and watch of one case. */
export class Observers {
  readonly clients: Clients;
  private readonly watch: WriterWatch;
  private readonly route: WatchRoute;

  private constructor(clients: Clients, route: WatchRoute) {
    this.clients = clients;
    this.route = route;
    this.watch = new WriterWatch((colour) => quickServer(route, colour), WATCH_MS);
  }

  /** Starts them; resolves when clients are served. */
  static async start(stack: TestStack, one: Case, seed: number): Promise<Observers> {
    const keyPrefix = `chaos:${Date.now().toString(36)}`;
    const { manner } = FAULTS[one.fault];
    const clients = await Clients.start({ endpoint: stack.endpoint, manner, keyPrefix, seed });
    const route = await watchRoute(one.fault, stack).catch((error: unknown) => {
      clients.kill();
      throw error;
    });
    const observers = new Observers(clients, route);
    try {
      const unserved = await clients.unserved(WRITES_BEFORE, SERVED_WITHIN_MS);
      if (unserved.length === 0) return observers;
      throw new Error(`before the case begins: ${unserved.join("; ")}`);
    } catch (error) {
      await observers.kill();
      throw error;
    }
  }

  /** Ends both and checks what they noted. */
  async stop(): Promise<Evidence> {
    const histories = await this.clients.stop();
    const { mostWriters: writers, looks, longestGapMs: unwatchedMs } = await this.watch.stop();
    return { histories, violations: checkHistories(histories), writers, looks, unwatchedMs };
  }

  /** Ends whatever still runs. */
  async kill(): Promise<void> {
    this.clients.kill();
    await this.watch.stop();
    this.route.close();
  }
}

async function quickServer(route: WatchRoute, colour: Colour): Promise<RedisServer> {
  const server = await route.connect(colour);
  try {
    await server.quicken();
    return server;
  } catch (error) {
    server.close();
    throw error;
  }
}

/** How a fault is made where something has to be certain that is likely else. */
export interface StrikeOptions {
  /** How long the driver stands still by itself. Milliseconds; default 700. */
  freezeMs?: number;
  /** Awaited when the fault is there and the driver is stopped. Default: nothing. */
  beforeItGoesOn?: () => Promise<void>;
}

/** Lets an update stand still before the phase, makes the fault, and lets it go on. @throws WentOnError */
export async function strike(
  one: Case,
  stack: TestStack,
  to: Colour,
  { freezeMs = FREEZE_MS, beforeItGoesOn = () => Promise.resolve() }: StrikeOptions = {},
): Promise<CommandResult> {
  const standsStillMs = one.fault === "driver-killed" ? FREEZE_FOR_KILL_MS : freezeMs;
  const update = await RunningUpdate.before(one.phase, stack, standsStillMs);
  try {
    await makeAndMend(one, { stack, to, update }, beforeItGoesOn);
    const result = await ended(update);
    await awaitAnswers(stack);
    return result;
  } catch (error) {
    // What comes next must not meet a driver that is still at work.
    await update.kill();
    await update.unlock().catch(() => undefined);
    throw error;
  }
}

async function makeAndMend(one: Case, scene: Scene, beforeItGoesOn: () => Promise<void>): Promise<void> {
  const { update } = scene;
  const fault = FAULTS[one.fault];
  const isDriver = one.fault.startsWith("driver-");
  // Stands still until the fault is there, however long that takes.
  if (!isDriver) update.stop();
  const make = async (): Promise<Mend> => {
    const mend = await fault.make(scene);
    await beforeItGoesOn();
    return mend;
  };
  const mend = await make().finally(() => {
    if (!isDriver) update.resume();
  });
  const lastsMs = one.lastsMs ?? fault.lastsMs;
  const end = lastsMs === Infinity ? ended(update) : delay(lastsMs);
  await end.finally(mend);
}

async function ended(update: RunningUpdate): Promise<CommandResult> {
  const over = new AbortController();
  const late = delay(DRIVER_MS, undefined, { signal: over.signal }).catch(() => undefined);
  const result = await Promise.race([update.result, late]);
  over.abort();
  if (result !== undefined) return result;
  throw new Error(`pulumi up did not end within ${DRIVER_MS} ms of the fault`);
}

/** What the data shows when nobody writes any more. */
async function audit(
  stack: TestStack,
  arena: Arena,
  { live, converged, isLinkable }: Convergence,
): Promise<Pick<Facts, "different" | "changed">> {
  if (live === undefined) return { different: [], changed: [] };
  const failures: string[] = [];
  const failed = (error: unknown): string[] => {
    failures.push(messageOf(error));
    return [];
  };
  const changed = await arena.changedKeys().catch(failed);
  // Only where the standby follows there is something to compare.
  const unequal = converged && isLinkable ? await differences(stack, live).catch(failed) : [];
  return { different: [...unequal, ...failures], changed };
}
