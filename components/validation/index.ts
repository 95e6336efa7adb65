import { defaults, type Arguments, type ColourArguments } from "../arguments.ts";
import { formatAddress } from "../engine/address.ts";
import type { Colour } from "../engine/colour.ts";
import { AUTH_KEYS, checkPasswords, readAuth } from "./auth.ts";
import { BAKE_KEYS, readBake } from "./bake.ts";
import { BRIDGE_KEYS, readBridge } from "./bridge.ts";
import { readColour } from "./colour.ts";
import { quote } from "./describe.ts";
import { ENDPOINT_KEYS, readEndpoint } from "./endpoint.ts";
import { GUARDRAIL_KEYS, readGuardrails } from "./guardrails.ts";
import { readLive } from "./live.ts";
import { checkPorts } from "./ports.ts";
import { Problems, type PathOf, type Problem } from "./problem.ts";
import { checkReplication } from "./replication.ts";
import { Section } from "./section.ts";

export { exposureOf, passwordProblem, type Exposure } from "./auth.ts";
export { formatProblems, type PathOf, type Problem } from "./problem.ts";

/** The top-level keys of a configuration. */
export const KEYS: readonly string[] = [
  "platform",
  "live",
  "blue",
  "green",
  "endpoint",
  "auth",
  "guardrails",
  "bake",
  "rehearsal",
  "bridge",
  "backup",
  "report",
];

/** How a configuration is looked at. */
export interface ValidationOptions {
  /** How messages name a key such as `green.version`. */
  path: PathOf;
  /** The stack's name, for the default directories; default none, so that they are `backups` and `reports`. */
  stack?: string;
  /**
   * The standby is known to start empty in this update, so that it must be able to take a full copy of the live
   * colour. Only who knows the state can tell. Default false.
   */
  newStandby?: boolean;
}

/** What came of it: the arguments, or why there are none. */
export interface Validation {
  arguments?: Arguments;
  /** Everything that is wrong, not only the first. */
  problems: Problem[];
}

/**
 * Looks at a whole configuration without touching anything, and fills in the defaults.
 * @param raw plain values in the shape of `RedisBlueGreenArgs`; passwords as text
 */
export function validateArguments(raw: unknown, options: ValidationOptions): Validation {
  const problems = new Problems(options.path);
  const root = Section.of(problems, "", raw, KEYS);
  readPlatform(root);
  const endpoint = readEndpoint(root.section("endpoint", ENDPOINT_KEYS));
  const shared = {
    endpoint,
    bridge: readBridge(root.section("bridge", BRIDGE_KEYS), endpoint.writePort),
    auth: readAuth(root.section("auth", AUTH_KEYS)),
    guardrails: readGuardrails(root.section("guardrails", GUARDRAIL_KEYS)),
    bake: readBake(root.section("bake", BAKE_KEYS)),
    backup: { directory: readDirectory(root, "backup", "backups", options.stack) },
    report: { directory: readDirectory(root, "report", "reports", options.stack) },
  };
  const rehearsal = readRehearsal(root);
  const { live, colours } = readColours(root, shared.endpoint.writePort);

  checkPorts(problems, shared, colours);
  checkPasswords(problems, shared, colours);
  refuseSameServer(root, colours);
  refuseReseedOfLive(root, live, colours);
  if (live !== undefined)
    checkReplication(problems, { live, ...shared, ...colours }, options.newStandby ?? false);
  if (live === undefined || problems.list.length > 0) return { problems: problems.list };
  const named = rehearsal === undefined ? {} : { rehearsal };
  return { arguments: { platform: defaults.platform, live, ...colours, ...shared, ...named }, problems: [] };
}

interface Colours {
  live: Colour | undefined;
  /** The colours that are there and in which nothing was refused. */
  colours: Partial<Record<Colour, ColourArguments>>;
}

function readColours(root: Section, writePort: number): Colours {
  const readings = {
    blue: readColour(root.problems, "blue", root.raw("blue"), writePort),
    green: readColour(root.problems, "green", root.raw("green"), writePort),
  };
  const colours: Colours["colours"] = {};
  if (readings.blue.arguments !== undefined) colours.blue = readings.blue.arguments;
  if (readings.green.arguments !== undefined) colours.green = readings.green.arguments;
  return { live: readLive(root, readings), colours };
}

function readPlatform(root: Section): void {
  const value = root.raw("platform");
  if (value !== "kubernetes" && value !== "hosts") {
    root.choice("platform", [defaults.platform]);
    return;
  }
  root.refuse("platform", {
    found: `${quote(value)}, which is not yet available`,
    allowed: defaults.platform,
    cure: `set it to ${defaults.platform}, or remove it`,
  });
}

/** Empty as if it were absent: that is its default in Pulumi.yaml. */
function readRehearsal(root: Section): string | undefined {
  if (root.raw("rehearsal") === "") return undefined;
  return root.text("rehearsal", "a word of your own", "write one that it never had, such as a date");
}

function readDirectory(root: Section, key: string, parent: string, stack: string | undefined): string {
  const byDefault = stack === undefined ? parent : `${parent}/${stack}`;
  const section = root.section(key, ["directory"]);
  const given = section.text("directory", "the path of a directory", `write a path such as ${byDefault}`);
  return given ?? byDefault;
}

function refuseSameServer(root: Section, { blue, green }: Partial<Record<Colour, ColourArguments>>): void {
  if (blue?.external !== true || green?.external !== true) return;
  const address = formatAddress(green.address);
  if (formatAddress(blue.address) !== address) return;
  root.problems.add("green.address", {
    found: `${address}, the server that is ${root.problems.path("blue.address")} too`,
    allowed: "another server",
    cure: "correct one of the two addresses",
  });
}

/** The permission must not outlive its use: a colour that was live holds what nobody has agreed to overwrite. */
function refuseReseedOfLive(
  root: Section,
  live: Colour | undefined,
  colours: Partial<Record<Colour, ColourArguments>>,
): void {
  if (live === undefined || colours[live]?.reseed !== true) return;
  root.problems.add(`${live}.reseed`, {
    found: `true, and ${live} is live`,
    allowed: "false or left out for the live colour, as nothing is copied over it",
    cure: "remove it",
  });
}
