import { defaults, type DeploymentArguments, type Product } from "../arguments.ts";
import type { Colour } from "../engine/colour.ts";
import { EXISTING_SERVER_KEYS } from "./colourKeys.ts";
import { PORTS } from "./ports.ts";
import { readRedisSettings } from "./redisSettings.ts";
import { describeRange, type Range, type Section } from "./section.ts";
import { readImage, readVersion } from "./versions.ts";

const REPLICAS: Range = { min: 0, max: 5 };
/** Below 64 MiB a server with an empty dataset and its save can be killed; the upper bound is 16 TiB. */
const MEMORY: Range = { min: 64, max: 16_777_216, unit: "(MiB)" };

/** Reads a deployment that this project creates; undefined where its version or image was refused. */
export function readDeployment(
  section: Section,
  colour: Colour,
  writePort: number,
): DeploymentArguments | undefined {
  refuseExistingServerKeys(section);
  const product: Product = section.choice("product", ["redis", "valkey"]) ?? defaults.product;
  const version = readVersion(section, product);
  const image = readImage(section, product, version);
  const memory = section.integer("memory", MEMORY) ?? defaults.memory;
  const rest = {
    replicas: section.integer("replicas", REPLICAS) ?? defaults.replicas,
    persistence: section.choice("persistence", ["rdb", "aof"]) ?? defaults.persistence,
    redis: readRedisSettings(section, memory),
    operatorPort: readOperatorPort(section, colour, writePort),
    reseed: section.flag("reseed") ?? false,
  };
  if (version === undefined || image === undefined) return undefined;
  return { external: false, product, version, image, memory, ...rest };
}

function readOperatorPort(section: Section, colour: Colour, writePort: number): number {
  const byDefault = writePort + defaults.portOffsets.operatorPort[colour];
  if (!section.has("operatorPort") && byDefault > PORTS.max) {
    section.refuse("operatorPort", {
      found: `${byDefault} by default (${section.problems.path("endpoint.writePort")} + ${defaults.portOffsets.operatorPort[colour]})`,
      allowed: describeRange(PORTS),
      cure: "set it",
    });
  }
  return section.integer("operatorPort", PORTS) ?? byDefault;
}

function refuseExistingServerKeys(section: Section): void {
  for (const key of EXISTING_SERVER_KEYS) {
    if (!section.has(key)) continue;
    section.refuse(key, {
      found: "given without address",
      allowed: "left out for a deployment that this project creates",
      cure:
        key === "password"
          ? `remove it and set passwords under ${section.problems.path("auth")}`
          : "remove it, or add address for a server that exists already",
    });
  }
}
