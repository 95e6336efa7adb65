import type { ChildProcess } from "node:child_process";
import type { PhaseName } from "../../components/engine/cutover/phases.ts";
import { killTree, killTreeBut, signalTree } from "./processTree.ts";
import type { CommandResult, TestStack } from "./testStack.ts";

/** A provider without an engine ends what it has begun. */
const ORPHANED_MS = 60_000;

/**
 * The driver had gone on by itself before it was stopped or killed: what is made to break now breaks in a later phase, if
 * in any.
 */
export class WentOnError extends Error {
  override name = "WentOnError";
}

/** A `pulumi up` that got to a certain place; before a phase of the cutover its driver stands still. */
export class RunningUpdate {
  /** What the command prints and how it ends, once it goes on. */
  readonly result: Promise<CommandResult>;
  private readonly child: ChildProcess;
  private readonly stack: TestStack;
  /** When its driver goes on by itself, in milliseconds since 1970. */
  private goesOnAt = Infinity;

  private constructor(stack: TestStack, child: ChildProcess, result: Promise<CommandResult>) {
    this.stack = stack;
    this.child = child;
    this.result = result;
  }

  /**
   * Starts `pulumi up` and resolves when its driver stands still.
   * @param goesOnAfterMs how long it stands still, unless it is killed
   * @throws Error with the output when the command ends instead
   */
  static async before(phase: PhaseName, stack: TestStack, goesOnAfterMs = 60_000): Promise<RunningUpdate> {
    const { child, result } = stack.start(["up", "--yes", "--skip-preview"], {
      REDIS_BLUEGREEN_FREEZE_BEFORE: phase,
      REDIS_BLUEGREEN_FREEZE_BEFORE_MS: String(goesOnAfterMs),
    });
    const line = new RegExp(`frozen before phase ${phase} at (\\d{13})`);
    const since = (output: string): string | undefined => line.exec(output)?.[1];
    const { update, found } = await RunningUpdate.#once(line.source, since, stack, { child, result });
    // By the driver's own clock: what it prints takes its time to get here.
    update.goesOnAt = Number(found) + goesOnAfterMs;
    return update;
  }

  /** Starts `pulumi up` and resolves when it prints a text; it goes on. */
  static async at(text: string, stack: TestStack): Promise<RunningUpdate> {
    const command = stack.start(["up", "--yes", "--skip-preview"]);
    const find = (output: string): true | undefined => (output.includes(text) ? true : undefined);
    return (await RunningUpdate.#once(text, find, stack, command)).update;
  }

  /** @param find what it looks for in all that was printed; undefined where that is not there yet */
  static async #once<T extends true | string>(
    what: string,
    find: (output: string) => T | undefined,
    stack: TestStack,
    { child, result }: { child: ChildProcess; result: Promise<CommandResult> },
  ): Promise<{ update: RunningUpdate; found: T }> {
    const printed = new Promise<T>((resolve) => {
      let output = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        const found = find(output);
        if (found !== undefined) resolve(found);
      });
    });
    const found = await Promise.race([printed, result]);
    if (typeof found === "object") throw new Error(`pulumi up did not get to "${what}":\n${found.output}`);
    return { update: new RunningUpdate(stack, child, result), found };
  }

  /**
   * Kills the command line, the language host and every provider.
   * @returns the names of the processes that were killed
   */
  async kill(): Promise<string[]> {
    const killed = await killTree(this.pid);
    await this.result;
    return killed;
  }

  /** Kills all but the providers, and waits until these have ended by themselves. @throws WentOnError */
  async orphan(): Promise<void> {
    const ended = killTreeBut(this.pid, "dynamic-provider", ORPHANED_MS);
    const killedAt = Date.now();
    await ended;
    await this.result;
    this.mustStillStand(killedAt);
  }

  /** Stops all of them where they are, whatever they do, until `resume`. @throws WentOnError */
  stop(): void {
    signalTree(this.pid, "SIGSTOP");
    this.mustStillStand();
  }

  /** Lets all of them go on. */
  resume(): void {
    signalTree(this.pid, "SIGCONT");
  }

  /** What a user does before running `pulumi up` again after a kill. */
  async unlock(): Promise<void> {
    await this.stack.mustPulumi("cancel", "--yes");
  }

  private mustStillStand(at = Date.now()): void {
    const late = at - this.goesOnAt;
    if (late < 0) return;
    throw new WentOnError(`the driver had gone on by itself ${Math.round(late)} ms before it was stopped`);
  }

  private get pid(): number {
    if (this.child.pid === undefined) throw new Error("pulumi up did not start");
    return this.child.pid;
  }
}
