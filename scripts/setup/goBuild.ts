import { mkdtemp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run, type CommandOptions } from "./command.ts";
import { SetupError, type Progress } from "./part.ts";

/** A program in Go that is built from the module proxy. */
export interface GoProgram {
  /** Import path of its main package. */
  package: string;
  /** Version of the module that holds it, with its `v`. */
  version: string;
  /** Beside stripping symbols. */
  linkerFlags?: string;
  /** Path of the finished program; it appears there all at once. */
  output: string;
}

/** Fetches and builds a program. @throws SetupError with Go's reason, or that Go is missing */
export async function buildGoProgram(program: GoProgram, progress: Progress): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "redis-bluegreen-go-"));
  try {
    // A module of its own: `go install package@version` refuses modules with replace directives, and `go mod tidy`
    // would fetch the dependencies of every test as well.
    await writeFile(join(folder, "go.mod"), "module tools\n\ngo 1.25\n");
    const options = { cwd: folder, env: { GOWORK: "off" } };
    progress("fetching Go modules");
    await go(["get", `${program.package}@${program.version}`], { ...options, timeoutMs: 600_000 });
    progress("compiling");
    const built = join(folder, "program");
    const flags = `-s -w ${program.linkerFlags ?? ""}`.trim();
    const args = ["build", "-trimpath", "-ldflags", flags, "-o", built, program.package];
    await go(args, { ...options, timeoutMs: 2_400_000 });
    await place(built, program.output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function go(args: string[], options: CommandOptions): Promise<void> {
  const result = await run("go", args, options);
  if (result.ok) return;
  if (result.failure === "go is not installed") {
    throw new SetupError(
      "it can't be downloaded, and building it needs Go 1.25 or newer, which is not installed: install Go, or make the download possible",
    );
  }
  throw new SetupError(
    `it can't be downloaded, and building it failed: go ${args[0] ?? ""}: ${result.failure}`,
  );
}

async function place(built: string, output: string): Promise<void> {
  await mkdir(dirname(output), { recursive: true });
  const beside = `${output}.${process.pid}`;
  // A temporary folder may be on another file system, where renaming doesn't work: copy first, then rename.
  const copied = await run("cp", [built, beside], { timeoutMs: 60_000 });
  if (!copied.ok) throw new SetupError(`can't write ${output}: ${copied.failure}`);
  await rename(beside, output);
}
