import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Address } from "../../components/engine/address.ts";
import type { Colour } from "../../components/engine/colour.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { OPERATOR_USER } from "../../components/engine/users.ts";
import { pulumiEnvironment } from "../../scripts/setup/environment.ts";
import { removeDeployment } from "./removeDeployment.ts";
import { freePorts, type StackPorts } from "./stackPorts.ts";

/** The folder of Pulumi.yaml. */
export const PROJECT_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What a command printed, and how it ended. */
export interface CommandResult {
  code: number | null;
  /** Standard output and standard error as they came. */
  output: string;
}

/** The stack's config without the namespace: `{ live: "blue", blue: { version: "7.0" } }`. */
export type StackConfig = Record<string, unknown>;

/**
 * A stack of this checkout's own program, run through the real CLI and engine with real Docker. Its name must be unique
 * among the tests; names of its containers start with `redis-<stack>`.
 */
export class TestStack {
  readonly name: string;
  readonly ports: StackPorts;
  /** In clear: what must never stand in state, logs or reports. */
  readonly passwords: Record<"application" | "operator" | "replication", string>;
  /** Everything that the CLI printed so far. */
  log = "";
  private readonly root: string;
  private readonly environment: NodeJS.ProcessEnv;
  private fixed: { encryptionsalt: string; auth: Record<string, unknown> } | undefined;
  private config: StackConfig = {};

  private constructor(name: string, ports: StackPorts, root: string) {
    this.name = name;
    this.root = root;
    this.ports = ports;
    const password = (): string => randomBytes(18).toString("base64url");
    this.passwords = { application: password(), operator: password(), replication: password() };
    this.environment = { ...process.env, ...pulumiEnvironment(PROJECT_ROOT), NO_COLOR: "1" };
  }

  /**
   * Makes the stack with random passwords; nothing is deployed. Removes what an earlier run left under this name.
   * @param root the folder of Pulumi.yaml; another one than this checkout's where its program is to be changed
   */
  static async create(name: string, config: StackConfig, root = PROJECT_ROOT): Promise<TestStack> {
    const stack = new TestStack(name, await freePorts(name), root);
    await rm(stack.configFile, { force: true });
    // A test that was killed leaves its lock.
    await stack.pulumi("cancel", "--yes");
    await stack.pulumi("stack", "rm", "--yes", "--force");
    await removeDeployment(stack.deployment, stack.environment);
    await stack.mustPulumi("stack", "init");
    const secured: Record<string, unknown> = {};
    for (const [user, password] of Object.entries(stack.passwords)) {
      const key = `${user}Password`;
      await stack.run(["config", "set", "--secret", "secret", "--stack", name], { input: password });
      const secure = /secure: (\S+)/.exec(await readFile(stack.configFile, "utf8"))?.[1];
      secured[key] = { secure };
    }
    const salt = /encryptionsalt: (\S+)/.exec(await readFile(stack.configFile, "utf8"))?.[1];
    stack.fixed = { encryptionsalt: salt ?? "", auth: secured };
    await stack.configure(config);
    return stack;
  }

  /** One of the passwords as the stack's file has it, for where it stands a second time. */
  secured(user: keyof TestStack["passwords"]): unknown {
    return this.fixed?.auth[`${user}Password`];
  }

  /** The stack's file; git ignores it. */
  get configFile(): string {
    return join(this.root, "stacks", `Pulumi.${this.name}.yaml`);
  }

  /** Where reports and backups go. */
  get directory(): string {
    return join(PROJECT_ROOT, ".state", "e2e", this.name);
  }

  /** Names of the containers start with it. */
  get deployment(): string {
    return `redis-${this.name}`;
  }

  /**
   * Writes the stack's file anew. Ports, directories and passwords are the test's own unless `config` says otherwise;
   * `operatorPort` is put into a colour that has a version and no port. A key with the value `undefined` is left out.
   */
  async configure(config: StackConfig): Promise<void> {
    this.config = config;
    const { write, read, runtime, status } = this.ports;
    const all: StackConfig = {
      endpoint: { writePort: write, readPort: read, runtimePort: runtime },
      backup: { directory: join(this.directory, "backups") },
      report: { directory: join(this.directory, "reports") },
      auth: this.fixed?.auth,
      ...config,
      bridge: { statusPort: status, ...(config["bridge"] ?? {}) },
    };
    for (const colour of ["blue", "green"] as const) {
      const spec = all[colour];
      if (typeof spec === "object" && spec !== null && "version" in spec && !("operatorPort" in spec)) {
        all[colour] = { ...spec, operatorPort: this.ports[colour] };
      }
    }
    const entries = Object.entries(all).map(([key, value]) => [`redis-bluegreen:${key}`, value]);
    // JSON is YAML.
    const file = {
      encryptionsalt: this.fixed?.encryptionsalt,
      config: Object.fromEntries(entries) as unknown,
    };
    await writeFile(this.configFile, `${JSON.stringify(file, null, 2)}\n`);
  }

  /** Changes some keys of the config. */
  async edit(changes: StackConfig): Promise<void> {
    await this.configure({ ...this.config, ...changes });
  }

  /** Runs a command on this stack; its failure is a result. */
  pulumi(...args: string[]): Promise<CommandResult> {
    return this.run([...args, "--stack", this.name]);
  }

  /** Runs a command on this stack; @throws Error with its output when it fails */
  async mustPulumi(...args: string[]): Promise<string> {
    const { code, output } = await this.pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${String(code)}:\n${output}`);
    return output;
  }

  /** `pulumi preview --diff`; @throws Error with its output when it fails */
  preview(): Promise<string> {
    return this.mustPulumi("preview", "--diff");
  }

  /** `pulumi up`; @throws Error with its output when it fails */
  up(): Promise<string> {
    return this.mustPulumi("up", "--yes", "--skip-preview");
  }

  /** `pulumi up` where nothing is to be done; @throws Error with its output where it changes anything */
  async upUnchanged(): Promise<void> {
    await this.mustPulumi("up", "--yes", "--skip-preview", "--diff", "--expect-no-changes");
  }

  /** `pulumi preview` where nothing is to be done; @throws Error with its output where it shows a change */
  async previewUnchanged(): Promise<void> {
    await this.mustPulumi("preview", "--diff", "--expect-no-changes");
  }

  /** Starts a command in a process group of its own, so that it can be killed with all its children. */
  start(
    args: string[],
    environment: NodeJS.ProcessEnv = {},
  ): { child: ChildProcess; result: Promise<CommandResult> } {
    const child = spawn("pulumi", [...args, "--stack", this.name, "--non-interactive"], {
      cwd: this.root,
      env: { ...this.environment, ...environment },
      stdio: "pipe",
      detached: true,
    });
    return { child, result: this.collect(child) };
  }

  /** The stack's outputs. */
  async outputs(): Promise<Record<string, string>> {
    return JSON.parse(await this.mustPulumi("stack", "output", "--json")) as Record<string, string>;
  }

  /** A colour's server as the operator sees it: 0 is the primary, replicas follow. Close it after use. */
  server(colour: Colour, index = 0): Promise<RedisServer> {
    const address: Address = { host: "127.0.0.1", port: this.ports[colour] + index };
    return RedisServer.connect(address, { username: OPERATOR_USER, password: this.passwords.operator });
  }

  /** Uses one of a colour's servers, the primary unless `index` says otherwise, and closes it. */
  async withServer<T>(colour: Colour, use: (server: RedisServer) => Promise<T>, index = 0): Promise<T> {
    const server = await this.server(colour, index);
    try {
      return await use(server);
    } finally {
      server.close();
    }
  }

  /** A connection through the endpoint, to its write port unless said otherwise, as the application. Close it after use. */
  application(port = this.ports.write): Promise<RedisServer> {
    const login = { username: "default", password: this.passwords.application };
    return RedisServer.connect({ host: "127.0.0.1", port }, login);
  }

  /** Where clients write, with the application's password (user `default`). */
  get endpoint(): { host: string; port: number; password: string } {
    return { host: "127.0.0.1", port: this.ports.write, password: this.passwords.application };
  }

  /** Removes containers, volumes, network, stack and files, whatever state they are in. */
  async remove(): Promise<void> {
    await removeDeployment(this.deployment, this.environment);
    await this.pulumi("cancel", "--yes");
    await this.pulumi("stack", "rm", "--yes", "--force");
    await rm(this.configFile, { force: true });
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Runs the docker client; @throws Error with its output when it fails */
  async docker(...args: string[]): Promise<string> {
    let output = "";
    const child = spawn("docker", args, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${String(code)}:\n${output}`);
    return output;
  }

  /** Names of this stack's containers, running or not, in alphabetical order. */
  async containers(): Promise<string[]> {
    const filter = `name=^/?${this.deployment}-`;
    return lines(await this.docker("ps", "-a", "--filter", filter, "--format", "{{.Names}}"));
  }

  /** Names of this stack's volumes, in alphabetical order. */
  async volumes(): Promise<string[]> {
    const filter = `name=^${this.deployment}-`;
    return lines(await this.docker("volume", "ls", "--filter", filter, "--format", "{{.Name}}"));
  }

  private async run(args: string[], options: { input?: string } = {}): Promise<CommandResult> {
    const child = spawn("pulumi", [...args, "--non-interactive"], {
      cwd: this.root,
      env: this.environment,
      stdio: "pipe",
    });
    child.stdin.on("error", () => undefined).end(options.input ?? "");
    return this.collect(child);
  }

  private async collect(child: ChildProcess): Promise<CommandResult> {
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      this.log += chunk.toString();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, output };
  }
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}
