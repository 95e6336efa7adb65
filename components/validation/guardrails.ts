import { defaults } from "../arguments.ts";
import type { Guardrails } from "../engine/guardrails.ts";
import { describe } from "./describe.ts";
import { describeRange, isWithin, type Range, type Section } from "./section.ts";

/** The keys of `guardrails`. */
export const GUARDRAIL_KEYS: readonly string[] = Object.keys(defaults.guardrails);

const VERIFY_KEYS: Range = { min: 0, max: 1_000_000_000 };

/** Beyond these a value is a slip of the pen: a pause that long is an outage, a lag that large is no standby. */
const RANGES = {
  maxLagBytes: { min: 0, max: 1024 ** 3, unit: "(bytes)" },
  syncTimeoutMs: { min: 1_000, max: 86_400_000, unit: "(milliseconds)" },
  pauseTimeoutMs: { min: 100, max: 60_000, unit: "(milliseconds)" },
  catchUpTimeoutMs: { min: 50, max: 60_000, unit: "(milliseconds)" },
  cutoverTimeoutMs: { min: 1_000, max: 3_600_000, unit: "(milliseconds)" },
} as const satisfies Partial<Record<keyof Guardrails, Range>>;

type Limit = keyof typeof RANGES;

/** Reads limits and permissions; what is absent or refused has its default. */
export function readGuardrails(section: Section): Guardrails {
  const limit = (name: Limit): number => section.integer(name, RANGES[name]) ?? defaults.guardrails[name];
  const guardrails: Guardrails = {
    acceptBackupOnlyRollback:
      section.flag("acceptBackupOnlyRollback") ?? defaults.guardrails.acceptBackupOnlyRollback,
    allowDestroy: section.flag("allowDestroy") ?? defaults.guardrails.allowDestroy,
    maxLagBytes: limit("maxLagBytes"),
    syncTimeoutMs: limit("syncTimeoutMs"),
    pauseTimeoutMs: limit("pauseTimeoutMs"),
    catchUpTimeoutMs: limit("catchUpTimeoutMs"),
    cutoverTimeoutMs: limit("cutoverTimeoutMs"),
    verifyKeys: readVerifyKeys(section),
  };
  refuseLonger(section, guardrails, "catchUpTimeoutMs", "pauseTimeoutMs");
  refuseLonger(section, guardrails, "pauseTimeoutMs", "cutoverTimeoutMs");
  return guardrails;
}

function readVerifyKeys(section: Section): number | "all" {
  const value = section.raw("verifyKeys");
  if (value === undefined) return defaults.guardrails.verifyKeys;
  if (value === "all" || (typeof value === "number" && isWithin(value, VERIFY_KEYS))) return value;
  section.refuse("verifyKeys", {
    found: describe(value),
    allowed: `${describeRange(VERIFY_KEYS)}, or all`,
    cure: "set how many keys are compared before and after a cutover",
  });
  return defaults.guardrails.verifyKeys;
}

/** A step's deadline that outlasts the whole's could never be the one that is met. */
function refuseLonger(section: Section, values: Guardrails, part: Limit, whole: Limit): void {
  if (values[part] <= values[whole]) return;
  // The sentence stands at a value that was given: one that is there by default can't be corrected.
  if (section.has(part)) {
    section.refuse(part, {
      found: `the number ${values[part]}`,
      allowed: `at most ${section.pathOf(whole)} (${values[whole]}), which it is a part of`,
      cure: "shorten it, or lengthen the other",
    });
  } else {
    section.refuse(whole, {
      found: `the number ${values[whole]}`,
      allowed: `at least ${section.pathOf(part)} (${values[part]} by default), which is a part of it`,
      cure: "lengthen it, or shorten the other",
    });
  }
}
