import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Address } from "../../components/engine/address.ts";
import type { Colour } from "../../components/engine/colour.ts";
import type { Login } from "../../components/engine/credentials.ts";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";
import { OPERATOR_USER } from "../../components/engine/users.ts";
import type { ClientEndpoint } from "../../test/support/workload/endpoint.ts";
import type { DemoPorts } from "./ports.ts";
import type { PulumiCli } from "./pulumi.ts";

/** The folder of Pulumi.yaml. */
export const PROJECT_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * The demo's own stack, one at a time in a checkout and apart from those of other checkouts, which may share the Docker
 * daemon. Its file under stacks/ is written and removed by Pulumi.
 */
export const DEMO_STACK = `demo-run-${createHash("sha256").update(PROJECT_ROOT).digest("hex").slice(0, 4)}`;

/** With which the names of the stack's containers, volumes and network start. */
export const DEPLOYMENT = `redis-${DEMO_STACK}`;

/** Where the demo's stack keeps its reports and backups. */
export const DIRECTORY = join(PROJECT_ROOT, ".state", DEMO_STACK);

/** The stack that the demo deploys, changes and removes, by nothing but Pulumi's own commands. */
export class DemoStack {
  private readonly pulumi: PulumiCli;
  private readonly ports: DemoPorts;
  private readonly signal: AbortSignal;
  private readonly passwords = {
    application: newPassword(),
    operator: newPassword(),
    replication: newPassword(),
  };

  /** @param signal interrupts whatever command is under way; removing the stack goes on regardless */
  constructor(pulumi: PulumiCli, ports: DemoPorts, signal: AbortSignal) {
    this.pulumi = pulumi;
    this.ports = ports;
    this.signal = signal;
  }

  /** Where clients write. */
  get endpoint(): ClientEndpoint {
    return { host: "127.0.0.1", port: this.ports.write, password: this.passwords.application };
  }

  /** One colour's primary as the operator reaches it. */
  operatorAccess(colour: Colour): { address: Address; login: Login } {
    return {
      address: { host: "127.0.0.1", port: this.ports[colour] },
      login: { username: OPERATOR_USER, password: this.passwords.operator },
    };
  }

  /** Makes the stack and its config: ports that are free here, passwords, and blue as the live colour. */
  async create(blue: ServerVersion): Promise<void> {
    await this.run(["stack", "init"]);
    for (const [user, password] of Object.entries(this.passwords)) {
      const key = `redis-bluegreen:auth.${user}Password`;
      await this.run(["config", "set", "--secret", "--path", key], password);
    }
    await this.configure({
      live: "blue",
      "endpoint.writePort": this.ports.write,
      "endpoint.readPort": this.ports.read,
      "endpoint.runtimePort": this.ports.runtime,
      "report.directory": join(DIRECTORY, "reports"),
      "backup.directory": join(DIRECTORY, "backups"),
      ...colourConfig("blue", blue, this.ports.blue),
    });
  }

  /** Adds green to the config. */
  async addGreen(green: ServerVersion): Promise<void> {
    await this.configure(colourConfig("green", green, this.ports.green));
  }

  /** The config edit that a cutover or a rollback is. */
  async setLive(colour: Colour): Promise<void> {
    await this.run(["config", "set", "redis-bluegreen:live", colour]);
  }

  /** Shows what an update would do. */
  async preview(): Promise<void> {
    await this.run(["preview", "--diff"]);
  }

  /** Does it. */
  async up(): Promise<void> {
    await this.run(["up", "--yes", "--skip-preview"]);
  }

  /**
   * The write pause of the last cutover or rollback, from its report.
   * @throws Error where the report has none
   */
  async lastWritePauseMs(): Promise<number> {
    const output = await this.pulumi.run(["stack", "output", "report"], {
      hidden: true,
      signal: this.signal,
    });
    const file = resolve(PROJECT_ROOT, output.trim());
    const report = JSON.parse(await readFile(file, "utf8")) as { writePauseMs?: unknown };
    if (typeof report.writePauseMs !== "number") throw new Error(`${file} reports no write pause`);
    return report.writePauseMs;
  }

  /** How to look at the running stack, for the person who keeps it. */
  howToLook(environment: Readonly<Record<string, string>>): string {
    const variables = ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "DOCKER_HOST"]
      .filter((name) => environment[name] !== undefined)
      .map((name) => `${name}='${environment[name] ?? ""}'`);
    return [
      `The stack is left running; clients connect to 127.0.0.1:${this.ports.write}. To look at it:`,
      `  export ${variables.join(" ")} PATH="${join(PROJECT_ROOT, "node_modules/.bin")}:$PATH"`,
      `  pulumi stack --stack ${DEMO_STACK}`,
      `  export REDISCLI_AUTH="$(pulumi config get --stack ${DEMO_STACK} --path redis-bluegreen:auth.applicationPassword)"`,
      `  docker exec -e REDISCLI_AUTH ${DEPLOYMENT}-blue-0 redis-cli -h ${DEPLOYMENT}-proxy info server`,
      "To move it to the other colour, and to remove it:",
      `  pulumi config set redis-bluegreen:live green --stack ${DEMO_STACK} && pulumi up --stack ${DEMO_STACK}`,
      "  npm run demo -- --clean",
    ].join("\n");
  }

  private async configure(values: Record<string, string | number>): Promise<void> {
    const pairs = Object.entries(values).flatMap(([key, value]) => [
      "--plaintext",
      `redis-bluegreen:${key}=${value}`,
    ]);
    await this.run(["config", "set-all", "--path", ...pairs]);
  }

  private async run(args: string[], input?: string): Promise<void> {
    await this.pulumi.run(args, { signal: this.signal, ...(input === undefined ? {} : { input }) });
  }
}

function colourConfig(
  colour: Colour,
  { product, version }: ServerVersion,
  port: number,
): Record<string, string | number> {
  return {
    ...(product === "redis" ? {} : { [`${colour}.product`]: product }),
    [`${colour}.version`]: version,
    [`${colour}.operatorPort`]: port,
  };
}

/** Held by this process and, encrypted, by the stack's config; gone with the stack. */
function newPassword(): string {
  return randomBytes(18).toString("base64url");
}
