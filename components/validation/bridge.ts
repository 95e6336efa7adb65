import { defaults, type BridgeArguments, type BridgeUse } from "../arguments.ts";
import { readImage } from "./imageReference.ts";
import { PORTS } from "./ports.ts";
import type { Range, Section } from "./section.ts";

/** The keys of `bridge`. */
export const BRIDGE_KEYS: readonly string[] = ["use", "image", "memory", "statusPort"];

const USES: readonly BridgeUse[] = ["auto", "always", "never"];

const MEMORY: Range = { min: 128, max: 65_536, unit: "MiB" };

/** Reads how the bridge is deployed; what is absent or refused has its default. */
export function readBridge(section: Section, writePort: number): BridgeArguments {
  return {
    use: section.choice("use", USES) ?? defaults.bridge.use,
    image: readImage(section, "image", defaults.bridge.image),
    memory: section.integer("memory", MEMORY) ?? defaults.bridge.memory,
    statusPort: section.integer("statusPort", PORTS) ?? writePort + defaults.portOffsets.statusPort,
  };
}
