import { createHash } from "node:crypto";
import type { Colour } from "../../components/engine/colour.ts";
import { messageOf } from "../../components/engine/messageOf.ts";
import { seedDataset } from "../../test/support/workload/seed.ts";
import { PROJECT_ROOT, TestStack } from "../../test/support/testStack.ts";
import { prepareGround, removeImage, unmountDisks, type Ground, type Versions } from "./grounds.ts";
import { isBackupOnly, isLinked, openColour } from "./observe.ts";
import { changesOf, readSeededKeys, type SeededKey } from "./seededKeys.ts";

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
  private seeded: ReadonlyMap<string, SeededKey> = new Map();
  private canGoBack = false;

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

  /** The versions of its colours. */
  get versions(): Versions {
    return this.options.versions;
  }

  /** Whether its versions and settings give a rollback without a backup. */
  get hasWayBack(): boolean {
    return this.canGoBack;
  }

  /** Keys of the seed that clients don't find as they were written, in words. @throws Error where they can't be read */
  async changedKeys(): Promise<string[]> {
    return changesOf(this.seeded, await this.seededKeys());
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
    const { ground, versions } = this.options;
    await unmountDisks(stack.deployment, ground);
    await stack.remove();
    await removeImage(stack.deployment, ground, versions);
  }

  private async usable(): Promise<TestStack | undefined> {
    if (this.stack === undefined || this.isSpoilt) return undefined;
    const live = await openColour(this.stack);
    return live !== undefined && (await isLinked(this.stack, live, 5_000)) ? this.stack : undefined;
  }

  private async seededKeys(): Promise<Map<string, SeededKey>> {
    if (this.stack === undefined) throw new Error("there is no stack");
    const application = await this.stack.application();
    try {
      return await readSeededKeys(application.client, KEYS);
    } finally {
      application.close();
    }
  }

  private async anew(): Promise<TestStack> {
    await this.remove();
    const { name, root, ground, versions } = this.options;
    await unmountDisks(`redis-${name}`, ground);
    const stack = await TestStack.create(name, {}, root);
    this.stack = stack;
    await removeImage(stack.deployment, ground, versions);
    await stack.edit({ live: "blue", ...(await prepareGround(stack, ground, versions)) });
    await stack.up();
    await seedDataset(stack.endpoint, { keys: KEYS });
    this.seeded = await this.seededKeys();
    if (this.seeded.size !== KEYS) throw new Error(`${this.seeded.size} of ${KEYS} seeded keys are there`);
    this.canGoBack = !isBackupOnly((await stack.outputs())["rollback"] ?? "backup only");
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

  /** Removes every stack. @throws Error with what could not be removed, when everything was tried */
  async remove(): Promise<void> {
    const failures: string[] = [];
    for (const arena of this.arenas.values()) {
      await arena.remove().catch((error: unknown) => failures.push(messageOf(error)));
    }
    if (failures.length > 0) throw new Error(failures.join("; "));
  }
}
