import { readFileSync } from "node:fs";
import { lastLine, run } from "./command.ts";
import { SetupError } from "./part.ts";

/** The machine's Linux distribution, as /etc/os-release names it; empty elsewhere. */
export function distribution(): string {
  try {
    return distributionOf(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return "";
  }
}

/** Reads the ID out of an os-release file. */
export function distributionOf(osRelease: string): string {
  return /^ID="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? "";
}

/** Whether packages can be installed here: Debian or Ubuntu, as root. */
export function canInstallPackages(): boolean {
  return ["debian", "ubuntu"].includes(distribution()) && process.getuid?.() === 0;
}

/**
 * Installs Debian packages, without what they merely recommend.
 * @throws SetupError with apt's own reason
 */
export async function installPackages(...packages: string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const args = ["-o", "DPkg::Lock::Timeout=120", "install", "-y", "--no-install-recommends", ...packages];
  if ((await run("apt-get", args, { timeoutMs: 300_000, env })).ok) return;
  // A machine that is fresh from its installer has no package lists yet.
  await run("apt-get", ["update"], { timeoutMs: 120_000, env });
  const result = await run("apt-get", args, { timeoutMs: 300_000, env });
  if (!result.ok) {
    throw new SetupError(`apt-get could not install ${packages.join(" ")}: ${lastLine(result.output)}`);
  }
}
