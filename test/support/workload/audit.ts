import { isWrite, type LaneHistory, type LaneState, type Operation, type Window } from "./history.ts";

/** What the audit counts, for one window or for all. */
export interface AuditCounts {
  /** Writes that clients got an answer to. */
  acknowledgedWrites: number;
  /** Acknowledged writes whose effect is missing at the end, or was missing when the same client read it back. */
  lostWrites: number;
  /** Writes whose effect is there more often than they were asked for, or again behind a later write. */
  repeatedWrites: number;
  /** Errors that surfaced in a client: error replies, rejected commands, commands never answered. */
  clientErrors: number;
  /** Those of them that were writes to a server which has fewer replicas than it demands: `NOREPLICAS`. */
  refusals: number;
  /** The longest time from a write's invocation to its end, in milliseconds. */
  clientGapMs: number;
}

/** The audit's result. */
export interface Audit {
  total: AuditCounts;
  /** By window name, in the order of the windows. */
  windows: Record<string, AuditCounts>;
  /** The first violations and errors in words, at most `MAX_FINDINGS`. */
  findings: string[];
}

/** How many violations are put in words. */
const MAX_FINDINGS = 20;

interface Violation {
  kind: "lost" | "repeated";
  /** Absent where the key holds something that no operation asked for. */
  operation: Operation | undefined;
  key: string;
  /** What was seen. */
  seen: string;
}

/**
 * Compares what clients were told with what is there. Only attempts without an acknowledgement may be applied or
 * not; anything else that is missing is lost, anything more is repeated.
 */
export function audit(
  lanes: readonly { history: LaneHistory; state: LaneState }[],
  windows: Window[],
): Audit {
  const total = noCounts();
  const perWindow = new Map(windows.map(({ name }) => [name, noCounts()]));
  const findings: string[] = [];
  const countsOf = (operation: Operation | undefined): AuditCounts[] => {
    const name = windows.findLast(({ from }) => operation !== undefined && from <= operation.invokedAt)?.name;
    const window = name === undefined ? undefined : perWindow.get(name);
    return window === undefined ? [total] : [total, window];
  };
  for (const { history, state } of lanes) {
    // Violations first: they must not be crowded out of the findings by errors.
    for (const violation of violationsOf(history, state)) {
      for (const counts of countsOf(violation.operation)) {
        counts[violation.kind === "lost" ? "lostWrites" : "repeatedWrites"] += 1;
      }
      findings.unshift(describe(violation));
    }
    for (const operation of history.operations) {
      for (const counts of countsOf(operation)) countOperation(counts, operation);
      if (operation.outcome !== "ok")
        findings.push(`${operation.kind} failed: ${operation.error ?? "no answer"}`);
    }
  }
  return { total, windows: Object.fromEntries(perWindow), findings: findings.slice(0, MAX_FINDINGS) };
}

/** All counts zero. */
function noCounts(): AuditCounts {
  return {
    acknowledgedWrites: 0,
    lostWrites: 0,
    repeatedWrites: 0,
    clientErrors: 0,
    refusals: 0,
    clientGapMs: 0,
  };
}

function countOperation(counts: AuditCounts, operation: Operation): void {
  if (operation.outcome !== "ok") counts.clientErrors += 1;
  if (!isWrite(operation)) return;
  if (operation.outcome === "fail" && operation.error?.startsWith("NOREPLICAS") === true)
    counts.refusals += 1;
  if (operation.outcome === "ok") counts.acknowledgedWrites += 1;
  counts.clientGapMs = Math.max(counts.clientGapMs, operation.endedAt - operation.invokedAt);
}

function violationsOf(history: LaneHistory, state: LaneState): Violation[] {
  const of = (kind: Operation["kind"]): Operation[] => history.operations.filter((o) => o.kind === kind);
  return [
    ...counterViolations(history.counter, of("increment"), state.counter),
    ...registerViolations(history.register, history.operations, state.register),
    ...listViolations(history.list, of("push"), state.list),
  ];
}

/**
 * Each INCR's answer is the value that it made. With all applied once, the n acknowledged answers are n different
 * numbers up to the final value. A number answered twice, or above the final value: the first was lost. A number that
 * nobody was answered: an INCR ran twice, unless an unacknowledged one accounts for it. The sum of these equals
 * `final - acknowledged`, but a loss and a repetition hide each other only where the one directly follows the other.
 */
function counterViolations(key: string, increments: Operation[], final: number): Violation[] {
  const answered = new Map<number, Operation>();
  const violations: Violation[] = [];
  const lost = (operation: Operation, seen: string): void => {
    violations.push({ kind: "lost", operation, key, seen });
  };
  for (const operation of increments.filter(isAcknowledged)) {
    const earlier = answered.get(operation.reply ?? 0);
    if (earlier !== undefined) lost(earlier, `${String(earlier.reply)} was answered again`);
    answered.set(operation.reply ?? 0, operation);
  }
  for (const [value, operation] of answered) {
    if (value > final) lost(operation, `${value} was answered, ${final} is there`);
  }
  let excused = increments.filter((operation) => !isAcknowledged(operation)).length;
  const byValue = [...answered].sort(([a], [b]) => a - b);
  for (let value = 1; value <= Math.max(final, byValue.at(-1)?.[0] ?? 0); value++) {
    if (answered.has(value) || excused-- > 0) continue;
    const operation = byValue.find(([answer]) => answer > value)?.[1] ?? increments.at(-1);
    violations.push({ kind: "repeated", operation, key, seen: `nobody was answered ${value}` });
  }
  return violations;
}

/**
 * A register must hold, at every read and at the end, the last acknowledged SET or a later unacknowledged one. An
 * older value means that the acknowledged ones after it are lost (or, which looks the same, that the older one was
 * applied again on top of them).
 */
function registerViolations(key: string, operations: Operation[], final: number): Violation[] {
  const pending = new Map<number, Operation>();
  const lost = new Map<Operation, string>();
  const mustNotPrecede = (seen: number): void => {
    for (const [sequence, operation] of pending) {
      if (sequence > seen) lost.set(operation, `${sequence} was written, ${seen} is there`);
      // What a later value has replaced is past knowing; the value seen may still be lost afterwards.
      if (sequence !== seen) pending.delete(sequence);
    }
  };
  for (const operation of operations) {
    if (!isAcknowledged(operation)) continue;
    if (operation.kind === "set") pending.set(operation.sequence, operation);
    if (operation.kind === "read") mustNotPrecede(operation.reply ?? 0);
  }
  mustNotPrecede(final);
  return [...lost].map(([operation, seen]) => ({ kind: "lost", operation, key, seen }));
}

/**
 * Elements are unique and each was acknowledged before the next was pushed. Missing: lost. Twice: repeated. Behind a
 * later one: repeated too, since it was there before the later one was sent, so that its place is a second push.
 */
function listViolations(key: string, pushes: Operation[], final: number[]): Violation[] {
  const bySequence = new Map(pushes.map((operation) => [operation.sequence, operation]));
  const violations: Violation[] = [];
  const seen = new Set<number>();
  let highest = 0;
  for (const sequence of final) {
    const operation = bySequence.get(sequence);
    if (operation === undefined) {
      violations.push({ kind: "repeated", operation, key, seen: `${sequence} was never pushed` });
    } else if (seen.has(sequence))
      violations.push({ kind: "repeated", operation, key, seen: `${sequence} is there twice` });
    else if (sequence < highest && isAcknowledged(operation)) {
      violations.push({ kind: "repeated", operation, key, seen: `${sequence} is behind ${highest}` });
    }
    seen.add(sequence);
    highest = Math.max(highest, sequence);
  }
  for (const operation of pushes) {
    if (!isAcknowledged(operation) || seen.has(operation.sequence)) continue;
    violations.push({ kind: "lost", operation, key, seen: `${operation.sequence} is missing` });
  }
  return violations;
}

function isAcknowledged(operation: Operation): boolean {
  return operation.outcome === "ok";
}

function describe(violation: Violation): string {
  const { kind, operation, key, seen } = violation;
  const what =
    operation === undefined ? "" : `${operation.kind} asked for at ${Math.round(operation.invokedAt)} ms, `;
  return `${kind}: ${what}${key}: ${seen}`;
}
