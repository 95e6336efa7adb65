import { isInstalled } from "../setup/command.ts";
import { faketimeLibrary } from "./clockImage.ts";
import type { FaultName } from "./faultName.ts";
import { FAULT_NAMES } from "./faultName.ts";
import { FAULTS } from "./faults/index.ts";
import type { Fault } from "./faults/fault.ts";

/** What this machine lacks for some faults, in words, by fault. */
export async function missingFor(): Promise<Map<FaultName, string>> {
  const missing: Record<NonNullable<Fault["needs"]>, string | undefined> = {
    "network tools": await rootWith("nsenter", "iptables", "ip", "tc"),
    mounts: await rootWith("mount"),
    faketime: faketimeLibrary() === undefined ? "the Debian package libfaketime" : undefined,
  };
  return new Map(
    FAULT_NAMES.flatMap((name) => {
      const { needs } = FAULTS[name];
      const lacks = needs === undefined ? undefined : missing[needs];
      return lacks === undefined ? [] : [[name, lacks]];
    }),
  );
}

/** For what is done to containers from outside. */
async function rootWith(...tools: string[]): Promise<string | undefined> {
  const found = await Promise.all(tools.map((tool) => isInstalled(tool)));
  if (process.getuid?.() === 0 && !found.includes(false)) return undefined;
  return `root on the machine of Docker, with ${tools.join(", ")}`;
}
