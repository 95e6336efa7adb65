import {
  answered,
  finalRead,
  open,
  type AnsweredCall,
  type Call,
  type KeyHistory,
  type Violation,
} from "./history.ts";
import { contradictions } from "./order.ts";

/**
 * INCR answers the value that it made, so the answers are the order. What is left to find out is whether unanswered
 * increments can be those that nobody was answered for: the i-th missing value by the i-th that was asked for, which is
 * possible if any assignment is.
 */
export function checkCounter(history: KeyHistory): Violation[] {
  const { key, final } = history;
  const reads = answered(history, "readCounter");
  const highestRead = Math.max(0, ...reads.map(({ reply }) => reply));
  if (final !== undefined) reads.push(finalRead(history, "readCounter", final.number ?? 0));
  const { made, violations } = incrementsByValue(history);
  const highestSeen = Math.max(0, ...reads.map(({ reply }) => reply));
  if (final !== undefined)
    violations.push(...lostAtTheEnd(key, [...made.keys()], highestRead, final.number ?? 0));
  const order = claimedOrder(made, reads);
  for (const { earlier, later } of contradictions(order.filter((call) => !isFinal(call)))) {
    const seen = `${earlier.reply} was answered after ${later.reply} had been`;
    violations.push({ kind: "lost", key, seen });
  }
  return [...violations, ...unexplained(history, order, Math.max(highestSeen, ...made.keys()))];
}

function isFinal(call: Call): boolean {
  return call.invokedAt === Infinity;
}

function incrementsByValue(history: KeyHistory): {
  made: Map<number, AnsweredCall>;
  violations: Violation[];
} {
  const made = new Map<number, AnsweredCall>();
  const violations: Violation[] = [];
  for (const call of answered(history, "increment")) {
    if (made.has(call.reply)) {
      violations.push({ kind: "lost", key: history.key, seen: `${call.reply} was answered twice` });
    } else made.set(call.reply, call);
  }
  return { made, violations };
}

function lostAtTheEnd(key: string, made: number[], highestRead: number, final: number): Violation[] {
  const gone = made.filter((value) => value > final);
  if (gone.length === 0 && highestRead > final) gone.push(highestRead);
  return gone.map((value) => ({
    kind: "lost",
    key,
    seen: `${value} was answered, ${final} is there in the end`,
  }));
}

/** By value; reads of a value behind the increment that made it, among themselves as they were asked for. */
function claimedOrder(made: Map<number, AnsweredCall>, reads: AnsweredCall[]): AnsweredCall[] {
  const rank = (call: AnsweredCall): number => (call.kind === "increment" ? 0 : 1);
  return [...made.values(), ...reads].sort(
    (a, b) => a.reply - b.reply || rank(a) - rank(b) || (a.invokedAt < b.invokedAt ? -1 : Number(a !== b)),
  );
}

/** Values that were made although no answered increment made them, beyond what unanswered ones can account for. */
function unexplained(history: KeyHistory, order: AnsweredCall[], highest: number): Violation[] {
  const made = new Set(order.filter(({ kind }) => kind === "increment").map(({ reply }) => reply));
  const unanswered = open(history, "increment");
  // Whoever made a value was asked for before anything that shows a value at least as high was answered.
  const deadlines = new Map<number, number>();
  let [at, deadline] = [order.length - 1, Infinity];
  for (let value = highest; value >= 1; value--) {
    for (; at >= 0 && (order[at]?.reply ?? 0) >= value; at--) {
      deadline = Math.min(deadline, order[at]?.endedAt ?? Infinity);
    }
    deadlines.set(value, deadline);
  }
  const violations: Violation[] = [];
  for (let value = 1; value <= highest; value++) {
    if (made.has(value)) continue;
    const [first] = unanswered;
    if (first !== undefined && first.invokedAt <= (deadlines.get(value) ?? Infinity)) unanswered.shift();
    else violations.push({ kind: "repeated", key: history.key, seen: `nobody was answered ${value}` });
  }
  return violations;
}
