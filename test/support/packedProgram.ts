import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { pulumiEnvironment } from "../../scripts/setup/environment.ts";
import { removeDeployment } from "./removeDeployment.ts";
import { freePorts, type StackPorts } from "./stackPorts.ts";
import { PROJECT_ROOT, type CommandResult } from "./testStack.ts";

const run = promisify(execFile);

/** What `npm pack` needs of the checkout. */
const PACKED_FROM = ["components", "scripts", "package.json", "tsconfig.json", "tsconfig.build.json"];
const DOCUMENTS = ["README.md", "CHANGELOG.md", "LICENSE"];

/**
 * A Pulumi program of somebody else in a folder of its own, with this package in its node_modules as `npm pack` makes it.
 * The package's dependencies are those of the checkout, so that nothing is downloaded.
 */
export class PackedProgram {
  /** The stack; names of the containers start with `cache-<stack>`. */
  readonly stack = "packaged";
  readonly deployment = "cache-packaged";
  readonly ports: StackPorts;
  readonly folder: string;
  /** The checkout's copy that was packed, as it was left. */
  readonly source: string;
  /** Paths in the package. */
  readonly files: string[];
  private readonly root: string;
  private readonly environment: NodeJS.ProcessEnv;

  private constructor(root: string, files: string[], ports: StackPorts) {
    this.root = root;
    this.source = join(root, "source");
    this.folder = join(root, "program");
    this.files = files;
    this.ports = ports;
    this.environment = {
      ...process.env,
      ...pulumiEnvironment(PROJECT_ROOT),
      PULUMI_BACKEND_URL: `file://${join(root, "backend")}`,
      NO_COLOR: "1",
    };
  }

  /**
   * Packs a copy of the checkout, so that others who use it meanwhile don't see its package.json change. Removes what an
   * earlier run left under this name.
   */
  static async create(): Promise<PackedProgram> {
    const root = await mkdtemp(join(tmpdir(), "redis-bluegreen-packaged-"));
    const source = join(root, "source");
    for (const name of [...PACKED_FROM, ...DOCUMENTS]) {
      await cp(join(PROJECT_ROOT, name), join(source, name), { recursive: true });
    }
    await symlink(join(PROJECT_ROOT, "node_modules"), join(source, "node_modules"));
    const path = [join(PROJECT_ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", root], {
      cwd: source,
      env: { ...process.env, PATH: path },
    });
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    const files = packed.files.map(({ path: file }) => file);
    const program = new PackedProgram(root, files, await freePorts("packaged"));
    await removeDeployment(program.deployment, program.environment);
    await program.install(join(root, packed.filename));
    return program;
  }

  /** Writes a file of the program. */
  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text);
  }

  /** Lets Pulumi run this file. */
  async use(main: string): Promise<void> {
    const project = {
      name: "somebody-else",
      main,
      runtime: { name: "nodejs", options: { typescript: false } },
    };
    await this.write("Pulumi.yaml", JSON.stringify(project));
  }

  /** Runs a command in the program's folder; its failure is a result. */
  async run(command: string, ...args: string[]): Promise<CommandResult> {
    const options = { cwd: this.folder, env: this.environment, maxBuffer: 64 * 1024 * 1024 };
    try {
      const { stdout, stderr } = await run(command, args, options);
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
      return { code: typeof code === "number" ? code : null, output: `${stdout ?? ""}${stderr ?? ""}` };
    }
  }

  /** Runs `pulumi` on the stack; @throws Error with its output when it fails */
  async pulumi(...args: string[]): Promise<string> {
    const { code, output } = await this.run("pulumi", ...args, "--stack", this.stack, "--non-interactive");
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${String(code)}:\n${output}`);
    return output;
  }

  /** Removes the containers, what they leave behind, and the folder. */
  async remove(): Promise<void> {
    await removeDeployment(this.deployment, this.environment);
    await rm(this.root, { recursive: true, force: true });
  }

  private async install(tarball: string): Promise<void> {
    const modules = join(this.folder, "node_modules");
    await mkdir(join(modules, "redis-bluegreen"), { recursive: true });
    await mkdir(join(this.root, "backend"));
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "redis-bluegreen")]);
    for (const name of await readdir(join(PROJECT_ROOT, "node_modules"))) {
      if (name === "redis-bluegreen") continue;
      await symlink(join(PROJECT_ROOT, "node_modules", name), join(modules, name));
    }
  }

  /** package.json of the packed copy of the checkout, as text. */
  manifest(): Promise<string> {
    return readFile(join(this.source, "package.json"), "utf8");
  }
}
