import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PROJECT_ROOT } from "./testStack.ts";

/** What Pulumi needs of the checkout to run its program. */
const COPIED = ["components", "stacks", "Pulumi.yaml", "package.json", "tsconfig.json"];

/** A copy of this checkout whose engine can be broken on purpose. */
export class MutantCheckout {
  /** The folder of the copy's Pulumi.yaml. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Copies the checkout as it is, without the config of other stacks. */
  static async create(): Promise<MutantCheckout> {
    const root = await mkdtemp(join(tmpdir(), "redis-bluegreen-mutant-"));
    for (const name of COPIED) {
      const filter = (source: string): boolean => !/^Pulumi\..+\.yaml$/.test(basename(source));
      await cp(join(PROJECT_ROOT, name), join(root, name), { recursive: true, filter });
    }
    await symlink(join(PROJECT_ROOT, "node_modules"), join(root, "node_modules"));
    return new MutantCheckout(root);
  }

  /**
   * Runs something while one place of a source file reads otherwise.
   * @throws Error where the place is not there exactly once: then the mutant has to be written anew
   */
  async mutated<T>(file: string, place: string, replacement: string, run: () => Promise<T>): Promise<T> {
    const path = join(this.root, file);
    const source = await readFile(path, "utf8");
    const parts = source.split(place);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${place}`);
    await writeFile(path, parts.join(replacement));
    try {
      return await run();
    } finally {
      await writeFile(path, source);
    }
  }

  /** Removes the copy. */
  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}
