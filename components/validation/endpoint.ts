import { isIP } from "node:net";
import { defaults, type EndpointArguments } from "../arguments.ts";
import { quote } from "./describe.ts";
import { readImage } from "./imageReference.ts";
import { PORTS } from "./ports.ts";
import { describeRange, type Section } from "./section.ts";

/** The keys of `endpoint`. */
export const ENDPOINT_KEYS: readonly string[] = ["host", "writePort", "readPort", "runtimePort", "image"];

/** Reads where clients connect; what was refused has its default, so that the rest can be looked at. */
export function readEndpoint(section: Section): EndpointArguments {
  const writePort = section.integer("writePort", PORTS) ?? defaults.endpoint.writePort;
  return {
    host: readHost(section),
    writePort,
    readPort: readPort(section, "readPort", writePort),
    runtimePort: readPort(section, "runtimePort", writePort),
    image: readImage(section, "image", defaults.endpoint.image),
  };
}

/** Docker publishes on addresses only; `localhost` is so common that it is understood. */
function readHost(section: Section): string {
  const allowed = "an IP address of this machine";
  const cure = "write 127.0.0.1 for this machine alone, or 0.0.0.0 for all its addresses";
  const host = section.text("host", allowed, cure);
  if (host === undefined || host === "localhost") return defaults.endpoint.host;
  if (isIP(host) !== 0 && !host.includes("%")) return host;
  section.refuse("host", { found: quote(host), allowed, cure });
  return defaults.endpoint.host;
}

function readPort(section: Section, key: "readPort" | "runtimePort", writePort: number): number {
  const byDefault = writePort + defaults.portOffsets[key];
  if (!section.has(key) && byDefault > PORTS.max) {
    section.refuse(key, {
      found: `${byDefault} by default (${section.pathOf("writePort")} + ${defaults.portOffsets[key]})`,
      allowed: describeRange(PORTS),
      cure: "set it",
    });
  }
  return section.integer(key, PORTS) ?? byDefault;
}
