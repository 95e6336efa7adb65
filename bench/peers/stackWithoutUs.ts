import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pulumiEnvironment } from "../../scripts/setup/environment.ts";
import { removeDeployment } from "../../test/support/removeDeployment.ts";
import { freePorts } from "../../test/support/stackPorts.ts";
import { PROJECT_ROOT, type TestStack } from "../../test/support/testStack.ts";

const FOLDER = fileURLToPath(new URL("../withoutUs", import.meta.url));

/** A stack with the same containers and configuration as another, and without this project's dynamic resources. */
export class StackWithoutUs {
  private readonly name: string;
  private readonly environment: NodeJS.ProcessEnv;

  private constructor(name: string) {
    this.name = name;
    this.environment = { ...process.env, ...pulumiEnvironment(PROJECT_ROOT), NO_COLOR: "1" };
  }

  /** Makes the stack with the configuration of `like`, its secrets included, and ports of its own. */
  static async create(name: string, like: TestStack): Promise<StackWithoutUs> {
    const stack = new StackWithoutUs(name);
    await stack.remove();
    await stack.pulumi("stack", "init");
    const { write, read, runtime, blue, green } = await freePorts(name);
    const file = JSON.parse(await readFile(like.configFile, "utf8")) as {
      config: Record<string, Record<string, unknown>>;
    };
    const { config } = file;
    config["redis-bluegreen:endpoint"] = { writePort: write, readPort: read, runtimePort: runtime };
    for (const [colour, operatorPort] of Object.entries({ blue, green })) {
      const key = `redis-bluegreen:${colour}`;
      config[key] = { ...config[key], operatorPort };
    }
    await writeFile(stack.configFile, `${JSON.stringify(file, null, 2)}\n`);
    return stack;
  }

  /** Runs a command on this stack; @throws Error with its output when it fails */
  async pulumi(...args: string[]): Promise<string> {
    const child = spawn("pulumi", [...args, "--stack", this.name, "--non-interactive"], {
      cwd: FOLDER,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${String(code)}:\n${output}`);
    return output;
  }

  /** Removes it, whatever state it is in. */
  async remove(): Promise<void> {
    await removeDeployment(`redis-${this.name}`, this.environment);
    // Fails where there is none.
    await this.pulumi("stack", "rm", "--yes", "--force").catch(() => undefined);
    await rm(this.configFile, { force: true });
  }

  private get configFile(): string {
    return `${FOLDER}/Pulumi.${this.name}.yaml`;
  }
}
