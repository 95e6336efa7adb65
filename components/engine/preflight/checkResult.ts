/** What one check found. */
export interface CheckResult {
  /** What was looked at, a few words in lower case; stable, so that reports can be compared. */
  name: string;
  /** `fail` must be cured before the update; `warn` is for the user to judge. */
  outcome: "pass" | "warn" | "fail";
  /** What was seen, with its figure and unit; never a secret. */
  figure: string;
  /** What to do; absent where nothing needs doing. */
  cure?: string;
}

/** A check that found what it wants. */
export function pass(name: string, figure: string): CheckResult {
  return { name, outcome: "pass", figure };
}

/** A check that found something to think about. */
export function warn(name: string, figure: string, cure: string): CheckResult {
  return { name, outcome: "warn", figure, cure };
}

/** A check that found what makes the update unsafe. */
export function fail(name: string, figure: string, cure: string): CheckResult {
  return { name, outcome: "fail", figure, cure };
}

/** The longest of the names, so that the figures stand below each other. */
const NAME_WIDTH = "modules and functions".length;

/** One line: outcome, name, figure, and what to do. */
export function formatCheck(result: CheckResult): string {
  const line = `${result.outcome}  ${result.name.padEnd(NAME_WIDTH)}  ${result.figure}`;
  return result.cure === undefined ? line : `${line}: ${result.cure}`;
}
