import { createHash } from "node:crypto";
import type { Colour } from "../../components/engine/colour.ts";
import { seedDataset } from "../../test/support/workload/seed.ts";
import { PROJECT_ROOT, TestStack, type StackConfig } from "../../test/support/testStack.ts";
import type { Fault } from "./faults.ts";
import { isLinked, openColour } from "./observe.ts";

const KEYS = 500;
const MEMORY_MIB = 128;

/** What an arena deploys, and from where. */
export interface ArenaOptions {
  versions: { blue: string; green: string };
  /** Of the stack; its containers are called `redis-<name>-…`. Default: one per checkout. */
  name?: string;
  /** The folder of Pulumi.yaml. Default: this checkout. */
  root?: string;
}

/** One stack at a time, in the state from which the next case starts; made anew where a case has left no way there. */
export class Arena {
  private readonly options: ArenaOptions;
  private readonly name: string;
  private stack: TestStack | undefined;
  private persistence: Fault["persistence"] | undefined;
  private isSpoilt = false;

  constructor(options: ArenaOptions) {
    this.options = options;
    // Apart from other checkouts on the same Docker.
    const own = createHash("sha256").update(PROJECT_ROOT).digest("hex").slice(0, 4);
    this.name = options.name ?? `chaos-${own}`;
  }

  /** The stack with this colour serving and the other one following. */
  async prepare(live: Colour, persistence: Fault["persistence"]): Promise<TestStack> {
    const stack = (await this.usable(persistence)) ?? (await this.anew(persistence));
    if ((await openColour(stack)) !== live) {
      await stack.edit({ live });
      await stack.up();
    }
    return stack;
  }

  /** The stack is not to be used again. */
  spoil(): void {
    this.isSpoilt = true;
  }

  /** Removes the stack; no-op where there is none. */
  async remove(): Promise<void> {
    await this.stack?.remove();
    this.stack = undefined;
  }

  private async usable(persistence: Fault["persistence"]): Promise<TestStack | undefined> {
    if (this.stack === undefined || this.isSpoilt || this.persistence !== persistence) return undefined;
    const live = await openColour(this.stack);
    return live !== undefined && (await isLinked(this.stack, live, 5_000)) ? this.stack : undefined;
  }

  private async anew(persistence: Fault["persistence"]): Promise<TestStack> {
    await this.remove();
    const colour = (version: string): StackConfig => ({
      version,
      memory: MEMORY_MIB,
      persistence,
      ...(persistence === "aof" ? { redis: { appendfsync: "always" } } : {}),
    });
    const { blue, green } = this.options.versions;
    const config = { live: "blue", blue: colour(blue), green: colour(green) };
    this.stack = await TestStack.create(this.name, config, this.options.root);
    await this.stack.up();
    await seedDataset(this.stack.endpoint, { keys: KEYS });
    this.persistence = persistence;
    this.isSpoilt = false;
    return this.stack;
  }
}
