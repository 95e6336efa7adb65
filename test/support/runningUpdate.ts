import type { ChildProcess } from "node:child_process";
import type { PhaseName } from "../../components/engine/cutover/phases.ts";
import { killTree, killTreeBut, signalTree } from "./processTree.ts";
import type { CommandResult, TestStack } from "./testStack.ts";

/** A provider without an engine ends what it has begun. */
const ORPHANED_MS = 60_000;

/** A `pulumi up` that got to a certain place; before a phase of the cutover its driver stands still. */
export class RunningUpdate {
  /** What the command prints and how it ends, once it goes on. */
  readonly result: Promise<CommandResult>;
  private readonly child: ChildProcess;
  private readonly stack: TestStack;

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
    return RunningUpdate.#once(`frozen before phase ${phase}`, stack, { child, result });
  }

  /** Starts `pulumi up` and resolves when it prints a text; it goes on. */
  static async at(text: string, stack: TestStack): Promise<RunningUpdate> {
    return RunningUpdate.#once(text, stack, stack.start(["up", "--yes", "--skip-preview"]));
  }

  static async #once(
    text: string,
    stack: TestStack,
    { child, result }: { child: ChildProcess; result: Promise<CommandResult> },
  ): Promise<RunningUpdate> {
    const printed = new Promise<void>((resolve) => {
      let output = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes(text)) resolve();
      });
    });
    const ended = await Promise.race([printed, result]);
    if (ended !== undefined) throw new Error(`pulumi up did not get to "${text}":\n${ended.output}`);
    return new RunningUpdate(stack, child, result);
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

  /** Kills all but the providers, and waits until these have ended by themselves. */
  async orphan(): Promise<void> {
    await killTreeBut(this.pid, "dynamic-provider", ORPHANED_MS);
    await this.result;
  }

  /** Stops all of them where they are, whatever they do, until `resume`. */
  stop(): void {
    signalTree(this.pid, "SIGSTOP");
  }

  /** Lets all of them go on. */
  resume(): void {
    signalTree(this.pid, "SIGCONT");
  }

  /** What a user does before running `pulumi up` again after a kill. */
  async unlock(): Promise<void> {
    await this.stack.mustPulumi("cancel", "--yes");
  }

  private get pid(): number {
    if (this.child.pid === undefined) throw new Error("pulumi up did not start");
    return this.child.pid;
  }
}
