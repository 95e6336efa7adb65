import { infoNumber } from "../infoReply.ts";
import { atLeast, formatVersion, type ServerVersion } from "../serverVersion.ts";
import { fail, pass, warn, type CheckResult } from "./checkResult.ts";
import { seen, standbyVersion, type PreflightFacts } from "./facts.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/** Modules that a server brings itself: Redis 8.0 lists vector sets as one, Valkey 9.1 its scripting engine. */
const BUILT_IN_MODULES: ReadonlySet<string> = new Set(["vectorset", "lua"]);

/** What the application uses that a newer server treats differently: scripts, modules, functions, old commands. */
export function checkApplication(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  const next = standbyVersion(facts);
  if (live === undefined || next === undefined) return [];
  return [checkScripts(facts, live), checkModules(facts, live), checkCommands(live, next)];
}

function checkScripts(facts: PreflightFacts, live: ServerSnapshot): CheckResult {
  const name = "scripts";
  const cached = infoNumber(live.info, "number_of_cached_scripts");
  const evaluates = ["eval", "evalsha"].filter((command) => live.commands.has(command));
  const figure = `${cached} cached, ${evaluates.length === 0 ? "none run" : `${evaluates.join(" and ").toUpperCase()} in use`}`;
  if (evaluates.length > 0 && live.version.product === "redis" && !atLeast(live.version.version, "6.2")) {
    const version = formatVersion(live.version);
    return warn(
      name,
      figure,
      `on ${version} EVAL writes in spite of min-replicas-to-write, so such a fence does not hold scripts`,
    );
  }
  const standby = seen(facts.standby);
  const missing = standby !== undefined && cached > infoNumber(standby.info, "number_of_cached_scripts");
  if (live.commands.has("evalsha") && missing) {
    return warn(
      name,
      figure,
      "the standby has not cached them all: clients must answer NOSCRIPT with EVAL or SCRIPT LOAD",
    );
  }
  return pass(name, figure);
}

function checkModules(facts: PreflightFacts, live: ServerSnapshot): CheckResult {
  const name = "modules and functions";
  const modules = live.modules.filter((module) => !BUILT_IN_MODULES.has(module));
  const functions = infoNumber(live.info, "number_of_functions");
  const figure = `${modules.length === 0 ? "no module" : modules.join(", ")}, ${functions} functions`;
  const standby = seen(facts.standby);
  const missing = modules.filter((module) => standby?.modules.includes(module) !== true);
  if (missing.length === 0) return pass(name, figure);
  const cure = `load ${missing.join(", ")} on the standby as well`;
  return standby === undefined ? warn(name, figure, cure) : fail(name, figure, cure);
}

/** Commands that a newer release no longer has or no longer allows by default. */
const WITHDRAWN: readonly { command: RegExp; since: string; what: string }[] = [
  { command: /^stralgo$/, since: "7.0", what: "STRALGO is gone, use LCS" },
  { command: /^debug(\||$)/, since: "7.0", what: "DEBUG is refused unless enable-debug-command is set" },
  {
    command: /^module(\|(load|loadex|unload)|$)/,
    since: "7.0",
    what: "MODULE is refused unless enable-module-command is set",
  },
];

function checkCommands(live: ServerSnapshot, next: ServerVersion): CheckResult {
  const name = "withdrawn commands";
  const withdrawn = WITHDRAWN.filter(
    ({ command, since }) =>
      !atLeast(live.version.version, since) &&
      atLeast(next.version, since) &&
      [...live.commands].some((used) => command.test(used)),
  );
  if (withdrawn.length === 0) return pass(name, `none in use, of ${live.commands.size} commands`);
  const figure = `${withdrawn.length} in use`;
  return warn(name, figure, `on ${formatVersion(next)} ${withdrawn.map(({ what }) => what).join("; ")}`);
}
