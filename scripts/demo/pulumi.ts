import { spawn } from "node:child_process";
import { once } from "node:events";

/** A Pulumi command that failed; its output has been shown. */
export class PulumiError extends Error {
  override name = "PulumiError";
}

/** How a command is run. */
export interface RunOptions {
  /** Given on standard input; how a secret stays off the process list and the screen. */
  input?: string;
  /** Neither the command nor its output is shown, unless it fails. */
  hidden?: boolean;
  /** Interrupts the command, which then ends its update cleanly and fails. */
  signal?: AbortSignal;
}

/** The Pulumi CLI with one stack, in one project; shows each command and its real output as it comes. */
export class PulumiCli {
  private readonly projectRoot: string;
  private readonly stack: string;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly quiet: boolean;

  /** @param quiet nothing is shown but what fails */
  constructor(projectRoot: string, stack: string, environment: NodeJS.ProcessEnv, quiet: boolean) {
    this.projectRoot = projectRoot;
    this.stack = stack;
    this.environment = environment;
    this.quiet = quiet;
  }

  /**
   * Runs `pulumi <args> --stack <stack>`.
   * @returns what it wrote to standard output
   * @throws PulumiError when it fails
   */
  async run(args: string[], options: RunOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    const hidden = this.quiet || options.hidden === true;
    const shown = `$ pulumi ${args.map(quoted).join(" ")}${options.input === undefined ? "" : " < (a random value)"}`;
    if (!hidden) process.stdout.write(`\n${shown}\n`);
    const { code, output, standardOutput } = await this.spawn(args, options, hidden);
    if (code === 0) return standardOutput;
    if (hidden) process.stdout.write(`\n${shown}\n${output}`);
    options.signal?.throwIfAborted();
    throw new PulumiError(`\`pulumi ${args[0] ?? ""}\` failed with exit code ${String(code)}`);
  }

  private async spawn(
    args: string[],
    options: RunOptions,
    hidden: boolean,
  ): Promise<{ code: number | null; output: string; standardOutput: string }> {
    const colour = process.stdout.isTTY && !hidden ? "always" : "never";
    const child = spawn("pulumi", [...args, "--stack", this.stack, "--non-interactive", "--color", colour], {
      cwd: this.projectRoot,
      env: this.environment,
      stdio: "pipe",
      // A process group of its own: Ctrl-C reaches it once, through us, and not twice.
      detached: true,
    });
    const interrupt = (): void => void child.kill("SIGINT");
    options.signal?.addEventListener("abort", interrupt);
    let [output, standardOutput] = ["", ""];
    const take = (chunk: string): void => {
      output += chunk;
      if (!hidden) process.stdout.write(chunk);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      standardOutput += chunk;
      take(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    // A command that fails before it reads closes the pipe; its exit code says so.
    child.stdin.on("error", () => undefined).end(options.input ?? "");
    const [code] = (await once(child, "close")) as [number | null];
    options.signal?.removeEventListener("abort", interrupt);
    return { code, output, standardOutput };
  }
}

function quoted(argument: string): string {
  return /^[\w./:=,@-]+$/.test(argument) ? argument : `'${argument}'`;
}
