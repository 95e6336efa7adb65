import type { ColourArguments } from "../arguments.ts";
import type { Colour } from "../engine/colour.ts";
import { COMMON_KEYS, DEPLOYMENT_KEYS, EXISTING_SERVER_KEYS } from "./colourKeys.ts";
import { readDeployment } from "./deployment.ts";
import { readExistingServer } from "./existingServer.ts";
import type { Problems } from "./problem.ts";
import { isObject, Section } from "./section.ts";

/** What is known of a colour: whether it was given, and what it is if nothing in it was refused. */
export interface ColourReading {
  given: boolean;
  arguments?: ColourArguments;
}

/**
 * Reads one colour. An empty object is an absent colour: Pulumi.yaml can declare a key only together with a default.
 * @param writePort what default ports are counted from
 */
export function readColour(
  problems: Problems,
  colour: Colour,
  value: unknown,
  writePort: number,
): ColourReading {
  if (value === undefined || isEmptyObject(value)) return { given: false };
  const before = problems.list.length;
  const section = Section.of(problems, colour, value, [
    ...DEPLOYMENT_KEYS,
    ...EXISTING_SERVER_KEYS,
    ...COMMON_KEYS,
  ]);
  // What isn't an object has its sentence; that it has no version goes without saying.
  if (!isObject(value)) return { given: true };
  const isExisting = section.has("address");
  const args = isExisting ? readExistingServer(section) : readDeployment(section, colour, writePort);
  if (args === undefined || problems.list.length > before) return { given: true };
  return { given: true, arguments: args };
}

function isEmptyObject(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}
