import { spawn, type ChildProcess } from "node:child_process";

/** How a command ended, with what it wrote to both streams. */
export interface CommandResult {
  ok: boolean;
  output: string;
  /** Why it failed, for messages: the deadline, the exit status or a missing program; empty if it succeeded. */
  failure: string;
}

/** Limits and surroundings of a command. */
export interface CommandOptions {
  /** After this long the command and everything it started are killed. */
  timeoutMs: number;
  cwd?: string;
  /** Laid over this process's environment. */
  env?: Record<string, string>;
  /** Output from which on waiting is futile: the command is killed and counts as failed. */
  giveUpOn?: RegExp;
}

const running = new Set<ChildProcess>();

/** Runs a command to its end; failing is a result, not an exception. Its whole process group ends with this process. */
export function run(command: string, args: string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    running.add(child);
    let output = "";
    let stopped = "";
    const stop = (reason: string): void => {
      stopped ||= reason;
      killGroup(child);
    };
    const deadline = setTimeout(() => {
      stop(`not done after ${options.timeoutMs / 1000} s`);
    }, options.timeoutMs);
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      const futile = options.giveUpOn?.exec(output);
      if (futile) stop(futile[0]);
    };
    const end = (failure: string): void => {
      clearTimeout(deadline);
      running.delete(child);
      resolve({ ok: failure === "", output, failure });
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (error) => {
      end("code" in error && error.code === "ENOENT" ? `${command} is not installed` : error.message);
    });
    child.once("close", (code) => {
      end(stopped || (code === 0 ? "" : `${lastLine(output)} (exit status ${code ?? "unknown"})`));
    });
  });
}

/** The last line that says anything; in a failed command's output mostly the reason. */
export function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

/** Whether a program is on PATH. */
export async function isInstalled(command: string): Promise<boolean> {
  return (await run("sh", ["-c", `command -v ${command}`], { timeoutMs: 5_000 })).ok;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended by itself meanwhile.
  }
}

process.once("exit", () => {
  for (const child of running) killGroup(child);
});
