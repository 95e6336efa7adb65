import { createHash } from "node:crypto";
import type { Colour } from "../../components/engine/colour.ts";
import { seedDataset } from "../../test/support/workload/seed.ts";
import { PROJECT_ROOT, TestStack } from "../../test/support/testStack.ts";
import { clearGround, prepareGround, type Ground, type Versions } from "./grounds.ts";
import { isLinked, openColour } from "./observe.ts";

const KEYS = 500;
/** Apart from other checkouts on the same Docker. */
const OWN = createHash("sha256").update(PROJECT_ROOT).digest("hex").slice(0, 4);

/** What an arena deploys, and from where. */
export interface ArenaOptions {
  versions: Versions;
  ground: Ground;
  /** Of the stack; its containers are called `redis-<name>-…`. */
  name: string;
  /** The folder of Pulumi.yaml. Default: this checkout. */
  root?: string;
}

/** One stack at a time, in the state from which the next case starts; made anew where a case has left no way there. */
export class Arena {
  private readonly options: ArenaOptions;
  private stack: TestStack | undefined;
  private isSpoilt = false;

  constructor(options: ArenaOptions) {
    this.options = options;
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
    await this.clear();
    await stack.remove();
  }

  private async usable(): Promise<TestStack | undefined> {
    if (this.stack === undefined || this.isSpoilt) return undefined;
    const live = await openColour(this.stack);
    return live !== undefined && (await isLinked(this.stack, live, 5_000)) ? this.stack : undefined;
  }

  private clear(): Promise<void> {
    const { name, ground, versions } = this.options;
    return clearGround(`redis-${name}`, ground, versions);
  }

  private async anew(): Promise<TestStack> {
    await this.remove();
    const { name, root, ground, versions } = this.options;
    await this.clear();
    const stack = await TestStack.create(name, {}, root);
    this.stack = stack;
    await stack.edit({ live: "blue", ...(await prepareGround(stack, ground, versions)) });
    await stack.up();
    await seedDataset(stack.endpoint, { keys: KEYS });
    this.isSpoilt = false;
    return stack;
  }
}

/** An arena for each ground, deployed when the first case needs it. */
export class Arenas {
  private readonly arenas = new Map<Ground, Arena>();
  private readonly versions: Versions;
  private readonly job: number;

  /** @param job tells the stacks of those apart who work at the same time */
  constructor(versions: Versions, job: number) {
    this.versions = versions;
    this.job = job;
  }

  /** The arena of this ground, and no other one any more: what only stands by takes the cores as well. */
  async only(ground: Ground): Promise<Arena> {
    for (const [other, arena] of this.arenas) if (other !== ground) await arena.remove();
    return this.on(ground);
  }

  /** The arena of this ground. */
  on(ground: Ground): Arena {
    const name = `chaos-${OWN}${this.job}-${ground.replaceAll(" ", "-")}`;
    const arena = this.arenas.get(ground) ?? new Arena({ versions: this.versions, ground, name });
    this.arenas.set(ground, arena);
    return arena;
  }

  /** Removes every stack. */
  async remove(): Promise<void> {
    for (const arena of this.arenas.values()) await arena.remove();
  }
}
