import { pausesWritesOnly } from "../../components/engine/pause.ts";
import type { Colour } from "../../components/engine/colour.ts";
import type { CommandResult } from "../../test/support/testStack.ts";
import { mayCostWayBack, reasonToAsk } from "./accepted.ts";
import type { CaseResult, Outcome } from "./caseResult.ts";
import type { Case } from "./cases.ts";
import type { Call, KeyHistory, Violation } from "./checker/history.ts";
import { sentenceOf, type Convergence } from "./converge.ts";
import { FAULTS } from "./faults/index.ts";
import type { Versions } from "./grounds.ts";

const MOST_FINDINGS = 12;

/** What clients and watch of a case noted. */
export interface Evidence {
  histories: KeyHistory[];
  violations: Violation[];
  writers: number;
  looks: number;
  unwatchedMs: number;
}

/** Everything that is known of a case when it is over. */
export interface Facts {
  versions: Versions;
  seed: number;
  /** The colour to which the update was to lead. */
  to: Colour;
  /** The update that met the fault. */
  faulted: CommandResult;
  servesAfter: Colour | undefined;
  convergence: Convergence;
  /** Before the case a rollback would not have needed a backup. */
  hadWayBack: boolean;
  /** Who was not served in the end, in words. */
  unserved: string[];
  evidence: Evidence;
  /** Keys that the colours don't have alike, or why that could not be told. */
  different: string[];
  /** Keys that no client touched and that are not as they were. */
  changed: string[];
  /** Of both servers, where they were not brought to an end. */
  state: string[];
}

/** What becomes of a case by these facts. */
export function judge(one: Case, facts: Facts): CaseResult {
  const { faulted, convergence, evidence, different, changed } = facts;
  const calls = evidence.histories.flatMap((history) => history.calls);
  const answeredWrites = calls.filter(({ kind, outcome }) => outcome === "ok" && WRITES.has(kind));
  const count = (kind: Violation["kind"]): number =>
    evidence.violations.filter((violation) => violation.kind === kind).length;
  const failed = faulted.code === 0 ? undefined : sentenceOf(faulted.output);
  const sentence = convergence.sentence ?? failed;
  const stuck = stuckIn(one, facts);
  const unexcused = unexcusedIn(one, facts);
  return {
    case: one,
    versions: facts.versions,
    seed: facts.seed,
    outcome: outcomeOf(facts),
    ...(sentence === undefined ? {} : { sentence }),
    ups: convergence.ups,
    unavailableMs: longestGap(answeredWrites),
    writes: answeredWrites.length,
    failedCalls: calls.filter(({ outcome }) => outcome !== "ok").length,
    lost: count("lost") + changed.length,
    repeated: count("repeated"),
    writers: evidence.writers,
    looks: evidence.looks,
    unwatchedMs: Math.round(evidence.unwatchedMs),
    ...(convergence.wayBack === undefined ? {} : { wayBack: convergence.wayBack }),
    stuck: stuck.length > 0,
    converged: convergence.converged && different.length === 0 && unexcused.length === 0,
    findings: [
      ...stuck,
      ...unexcused,
      ...evidence.violations.map(({ kind, key, seen }) => `${kind}: ${key}: ${seen}`),
      ...changed.map((text) => `lost: ${text}`),
      ...different.map((text) => `different: ${text}`),
      ...errorsOf(calls),
      ...facts.state,
      ...(convergence.converged ? [] : convergence.complaints),
    ].slice(0, MOST_FINDINGS),
  };
}

const WRITES: ReadonlySet<Call["kind"]> = new Set(["increment", "set", "push", "add"]);

/** Who is left without an answer. */
function stuckIn(one: Case, { unserved, evidence: { histories } }: Facts): string[] {
  const unread = histories.filter(({ final }) => final === undefined).map(({ key }) => key);
  const calls = histories.flatMap((history) => history.calls);
  // Who sends once gives up what the fault has cost; who sends again has to get an answer.
  const givesUp = FAULTS[one.fault].manner === "once";
  const waiting = givesUp ? [] : calls.filter(({ outcome }) => outcome === "unknown");
  return [
    ...unserved,
    ...(waiting.length === 0
      ? []
      : [`not answered: ${waiting.length} calls, ${waiting[0]?.key ?? ""} among them`]),
    ...(unread.length === 0 ? [] : [`not read in the end: ${unread.join(", ")}`]),
  ];
}

/** What is accepted after other faults only. */
function unexcusedIn(one: Case, facts: Facts): string[] {
  const { needsOperator, isLinkable, wayBack = "" } = facts.convergence;
  const refused = refusals(one, facts);
  if (needsOperator) {
    if (reasonToAsk(one) !== undefined) return refused;
    return [...refused, "it asked the operator, where nothing is known that it could not decide"];
  }
  if (isLinkable || !facts.hadWayBack || mayCostWayBack(one.fault)) return refused;
  return [...refused, `the way back was lost, although no server, disk or file broke: ${wayBack}`];
}

/** A client that sends again sees no error, except that servers before 6.2 can't hold writes for good and refuse them. */
function refusals(one: Case, { versions, evidence: { histories } }: Facts): string[] {
  const { manner, ground } = FAULTS[one.fault];
  if (manner === "once") return [];
  const holdsForGood = ground !== "bridge" && Object.values(versions).every(pausesWritesOnly);
  const errors = histories
    .flatMap(({ calls }) => calls)
    .filter(({ outcome }) => outcome === "fail")
    .map(({ error = "" }) => error)
    .filter((error) => holdsForGood || !error.startsWith("NOREPLICAS"));
  return errors.length === 0 ? [] : [`refused: ${errors.length} calls, one with: ${errors[0] ?? ""}`];
}

function outcomeOf({ to, servesAfter, convergence }: Facts): Outcome {
  if (convergence.needsOperator) return "needs operator";
  if (servesAfter === to) return "finished";
  return servesAfter === undefined ? "finished by up" : "rolled back";
}

function longestGap(writes: readonly Call[]): number {
  const ends = writes.map(({ endedAt }) => endedAt).sort((a, b) => a - b);
  return ends.reduce((longest, end, i) => Math.max(longest, end - (ends[i - 1] ?? end)), 0);
}

/** Each kind of error that clients saw, with how often. */
function errorsOf(calls: readonly Call[]): string[] {
  const counts = new Map<string, number>();
  for (const { error } of calls) if (error !== undefined) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts].map(([error, times]) => `clients saw ${times} times: ${error}`);
}
