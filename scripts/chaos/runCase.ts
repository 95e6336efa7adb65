import { setTimeout as delay } from "node:timers/promises";
import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { RunningUpdate } from "../../test/support/runningUpdate.ts";
import type { CommandResult, TestStack } from "../../test/support/testStack.ts";
import { WriterWatch } from "../../test/support/writerWatch.ts";
import type { Arena } from "./arena.ts";
import type { CaseResult, Outcome } from "./caseResult.ts";
import type { Case } from "./cases.ts";
import { checkHistories } from "./checker/check.ts";
import type { Call, KeyHistory, Violation } from "./checker/history.ts";
import { Clients } from "./clients/clients.ts";
import { converge, sentenceOf, type Convergence } from "./converge.ts";
import type { Scene } from "./faults/fault.ts";
import { FAULTS } from "./faults/index.ts";
import { awaitAnswers, differences, openColour, stateOf } from "./observe.ts";

/** How long the driver stands still by itself; the message of it needs time to get here, and the fault to be made. */
const FREEZE_MS = 700;
/** How long a driver that is to be killed waits for that. */
const FREEZE_FOR_KILL_MS = 60_000;
/** A driver that meets a fault has to end by itself within this time. */
const DRIVER_MS = 180_000;
const SERVED_WITHIN_MS = 15_000;
const WATCH_MS = 1;
const MOST_FINDINGS = 12;

/** What a case leaves for judging it. */
interface Evidence {
  histories: KeyHistory[];
  violations: Violation[];
  writers: number;
  looks: number;
}

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
    const stuck = !(await observers.clients.areServed(50, SERVED_WITHIN_MS));
    const evidence = await observers.stop();
    const different = await unequal(stack, convergence);
    const state = convergence.converged ? [] : await stateOf(stack);
    const result = judge(one, to, { faulted, servesAfter, convergence, stuck, evidence, different, state });
    if (stuck || !result.converged || result.outcome === "needs operator") arena.spoil();
    return result;
  } finally {
    await observers.kill();
  }
}

/** Clients and watch of one case. */
export class Observers {
  readonly clients: Clients;
  private readonly watch: WriterWatch;

  private constructor(clients: Clients, watch: WriterWatch) {
    this.clients = clients;
    this.watch = watch;
  }

  /** Starts them; resolves when clients are served. */
  static async start(stack: TestStack, one: Case, seed: number): Promise<Observers> {
    const keyPrefix = `chaos:${Date.now().toString(36)}`;
    const { manner } = FAULTS[one.fault];
    const clients = await Clients.start({ endpoint: stack.endpoint, manner, keyPrefix, seed });
    const connect = async (colour: Colour) => {
      const server = await stack.server(colour);
      try {
        await server.quicken();
        return server;
      } catch (error) {
        server.close();
        throw error;
      }
    };
    const observers = new Observers(clients, new WriterWatch(connect, WATCH_MS));
    if (await clients.areServed(100, SERVED_WITHIN_MS)) return observers;
    await observers.kill();
    throw new Error("clients are not served before the case begins");
  }

  /** Ends both and checks what they noted. */
  async stop(): Promise<Evidence> {
    const histories = await this.clients.stop();
    const { mostWriters, looks } = await this.watch.stop();
    return { histories, violations: checkHistories(histories), writers: mostWriters, looks };
  }

  /** Ends whatever still runs. */
  async kill(): Promise<void> {
    this.clients.kill();
    await this.watch.stop();
  }
}

/** Lets an update stand still before the phase, makes the fault, and lets it go on. */
export async function strike(one: Case, stack: TestStack, to: Colour): Promise<CommandResult> {
  const freezeMs = one.fault === "driver-killed" ? FREEZE_FOR_KILL_MS : FREEZE_MS;
  const update = await RunningUpdate.before(one.phase, stack, freezeMs);
  try {
    await makeAndMend(one, { stack, to, update });
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

async function makeAndMend(one: Case, scene: Scene): Promise<void> {
  const { update } = scene;
  const fault = FAULTS[one.fault];
  const isDriver = one.fault.startsWith("driver-");
  // Stands still until the fault is there, however long that takes.
  if (!isDriver) update.stop();
  const mend = await fault.make(scene).finally(() => {
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

/** Only where the standby follows there is something to compare; nobody writes any more. */
async function unequal(stack: TestStack, { live, converged, isLinkable }: Convergence): Promise<string[]> {
  if (live === undefined || !converged || !isLinkable) return [];
  return differences(stack, live).catch((error: unknown) => [String(error)]);
}

interface Facts {
  faulted: CommandResult;
  servesAfter: Colour | undefined;
  convergence: Convergence;
  stuck: boolean;
  evidence: Evidence;
  different: string[];
  /** Of both servers, where they were not brought to an end. */
  state: string[];
}

function judge(one: Case, to: Colour, facts: Facts): CaseResult {
  const { faulted, servesAfter, convergence, stuck, evidence, different, state } = facts;
  const calls = evidence.histories.flatMap((history) => history.calls);
  const answeredWrites = calls.filter(({ kind, outcome }) => outcome === "ok" && WRITES.has(kind));
  const count = (kind: Violation["kind"]): number =>
    evidence.violations.filter((violation) => violation.kind === kind).length;
  const failed = faulted.code === 0 ? undefined : sentenceOf(faulted.output);
  const sentence = convergence.sentence ?? failed;
  return {
    case: one,
    outcome: outcomeOf(to, servesAfter, convergence),
    ...(sentence === undefined ? {} : { sentence }),
    ups: convergence.ups,
    unavailableMs: longestGap(answeredWrites),
    writes: answeredWrites.length,
    failedCalls: calls.filter(({ outcome }) => outcome !== "ok").length,
    lost: count("lost"),
    repeated: count("repeated"),
    writers: evidence.writers,
    looks: evidence.looks,
    stuck,
    converged: convergence.converged && different.length === 0,
    findings: [
      ...evidence.violations.map(({ kind, key, seen }) => `${kind}: ${key}: ${seen}`),
      ...different.map((text) => `different: ${text}`),
      ...errorsOf(calls),
      ...state,
      ...(convergence.converged ? [] : convergence.complaints),
    ].slice(0, MOST_FINDINGS),
  };
}

const WRITES: ReadonlySet<Call["kind"]> = new Set(["increment", "set", "push", "add"]);

function outcomeOf(to: Colour, servesAfter: Colour | undefined, convergence: Convergence): Outcome {
  if (convergence.needsOperator) return "needs operator";
  if (servesAfter === to) return "finished";
  return servesAfter === undefined ? "finished by up" : "rolled back";
}

function longestGap(writes: readonly Call[]): number {
  const ends = writes.map(({ endedAt }) => endedAt).sort((a, b) => a - b);
  return ends.reduce((longest, end, i) => Math.max(longest, end - (ends[i - 1] ?? end)), 0);
}

/** Each kind of error that clients saw, with how often. */
function errorsOf(calls: readonly Call[]): string[] {
  const counts = new Map<string, number>();
  for (const { error } of calls) if (error !== undefined) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts].map(([error, times]) => `clients saw ${times} times: ${error}`);
}
