import { createHash } from "node:crypto";
import type { Colour } from "../../components/engine/colour.ts";
import { seedDataset } from "../../test/support/workload/seed.ts";
import { PROJECT_ROOT, TestStack } from "../../test/support/testStack.ts";
import { clearGround, prepareGround, type Ground, type Versions } from "./grounds.ts";
import { isLinked, openColour } from "./observe.ts";

const KEYS = 500;

/** What an arena deploys, and from where. */
export interface ArenaOptions {
  versions: Versions;
  ground: Ground;
  /** Of the stack; its containers are called `redis-<name>-…`. Default: one per checkout and ground. */
  name?: string;
  /** The folder of Pulumi.yaml. Default: this checkout. */
  root?: string;
}

/** One stack at a time, in the state from which the next case starts; made anew where a case has left no way there. */
export class Arena {
  readonly ground: Ground;
  private readonly options: ArenaOptions;
  private readonly name: string;
  private stack: TestStack | undefined;
  private isSpoilt = false;

  constructor(options: ArenaOptions) {
    this.options = options;
    this.ground = options.ground;
    // Apart from other checkouts on the same Docker.
    const own = createHash("sha256").update(PROJECT_ROOT).digest("hex").slice(0, 4);
    this.name = options.name ?? `chaos-${own}-${options.ground.replaceAll(" ", "-")}`;
  }

  /** The stack with this colour serving and the other one following. */
  async prepare(live: Colour): Promise<TestStack> {
    const stack = (await this.usable()) ?? (await this.anew());
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
    const { stack } = this;
    this.stack = undefined;
    if (stack === undefined) return;
    await stack.remove();
    await clearGround(stack, this.ground, this.options.versions);
  }

  private async usable(): Promise<TestStack | undefined> {
    if (this.stack === undefined || this.isSpoilt) return undefined;
    const live = await openColour(this.stack);
    return live !== undefined && (await isLinked(this.stack, live, 5_000)) ? this.stack : undefined;
  }

  private async anew(): Promise<TestStack> {
    await this.remove();
    const stack = await TestStack.create(this.name, {}, this.options.root);
    this.stack = stack;
    await stack.edit({ live: "blue", ...(await prepareGround(stack, this.ground, this.options.versions)) });
    await stack.up();
    await seedDataset(stack.endpoint, { keys: KEYS });
    this.isSpoilt = false;
    return stack;
  }
}

/** An arena for each ground, deployed when the first case needs it. */
export class Arenas {
  private readonly arenas = new Map<Ground, Arena>();
  private readonly options: Omit<ArenaOptions, "ground" | "name">;

  constructor(options: Omit<ArenaOptions, "ground" | "name">) {
    this.options = options;
  }

  /** The arena of this ground. */
  on(ground: Ground): Arena {
    const arena = this.arenas.get(ground) ?? new Arena({ ...this.options, ground });
    this.arenas.set(ground, arena);
    return arena;
  }

  /** Removes every stack. */
  async remove(): Promise<void> {
    for (const arena of this.arenas.values()) await arena.remove();
  }
}
