import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { removeLeftovers } from "./leftovers.ts";
import { PulumiError, type PulumiCli } from "./pulumi.ts";
import { DEMO_STACK, DEPLOYMENT, DIRECTORY, PROJECT_ROOT } from "./stack.ts";

/** Whether this checkout has a demo stack, of this process or an earlier one. */
export function demoStackExists(): boolean {
  return existsSync(join(PROJECT_ROOT, "stacks", `Pulumi.${DEMO_STACK}.yaml`));
}

/**
 * Removes the demo stack with its containers, network, volumes, backups and reports, whatever state it is in: allowed
 * by the guardrail that a real stack would keep.
 * @throws PulumiError when Pulumi could not do it; the containers are then gone all the same
 */
export async function removeDemoStack(pulumi: PulumiCli, say: (text: string) => void): Promise<void> {
  // A run that was killed leaves its lock; without one this changes nothing.
  await pulumi.run(["cancel", "--yes"], { hidden: true });
  try {
    await destroy(pulumi);
  } catch (error) {
    await sweep(say);
    await pulumi.run(["stack", "rm", "--force", "--yes"], { hidden: true });
    throw error;
  }
  await sweep(say);
  await pulumi.run(["stack", "rm", "--yes"]);
}

async function destroy(pulumi: PulumiCli): Promise<void> {
  await pulumi.run(["config", "set", "--path", "redis-bluegreen:guardrails.allowDestroy", "true"]);
  try {
    await pulumi.run(["up", "--yes", "--skip-preview"]);
  } catch (error) {
    if (!(error instanceof PulumiError)) throw error;
    // A stack that can't be brought up can't lift its own protection either.
    await pulumi.run(["state", "unprotect", "--all", "--yes"]);
  }
  await pulumi.run(["destroy", "--yes", "--skip-preview"]);
}

async function sweep(say: (text: string) => void): Promise<void> {
  const removed = await removeLeftovers(DEPLOYMENT);
  if (removed.length > 0) say(`Removed from Docker, because data outlives a stack: ${removed.join(", ")}`);
  await rm(DIRECTORY, { recursive: true, force: true });
}
