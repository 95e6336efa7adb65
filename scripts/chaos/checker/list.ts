import { checkCounter } from "./counter.ts";
import { type Call, type KeyHistory, type Violation } from "./history.ts";
import { contradictions } from "./order.ts";

/**
 * The elements are unique and the list is only appended to, so what is there in the end is the order of the pushes. Each
 * answered push must stand where its answer (the new length) says, and no push may stand before one that had been
 * answered when it was asked for. Where the end could not be read, what is left is a counter: the new length is one more.
 */
export function checkList(history: KeyHistory): Violation[] {
  const { key, calls, final } = history;
  if (final === undefined) return checkCounter({ ...history, calls: calls.map(asIncrement) });
  const elements = final.values ?? [];
  const pushes = new Map(calls.filter(({ outcome }) => outcome !== "fail").map((call) => [call.value, call]));
  const violations: Violation[] = [];
  const places = new Map<number, number>();
  const order: Call[] = [];
  for (const [place, value] of elements.entries()) {
    const push = pushes.get(value);
    if (push === undefined) violations.push({ kind: "repeated", key, seen: `${value} was never pushed` });
    else if (places.has(value)) violations.push({ kind: "repeated", key, seen: `${value} is there twice` });
    else order.push(push);
    if (!places.has(value)) places.set(value, place);
  }
  for (const { value, outcome } of pushes.values()) {
    if (outcome === "ok" && !places.has(value))
      violations.push({ kind: "lost", key, seen: `${value} is missing` });
  }
  if (violations.length > 0) return violations;
  return outOfPlace(key, order);
}

function asIncrement(push: Call): Call {
  return { ...push, kind: "increment" };
}

/** Only where nothing is missing or too much: one lost element would put all those behind it out of place. */
function outOfPlace(key: string, order: Call[]): Violation[] {
  const misplaced = order.flatMap((push, at) =>
    push.reply !== undefined && push.reply !== at + 1
      ? [`${push.value} was answered place ${push.reply} and stands at ${at + 1}`]
      : [],
  );
  const reordered = contradictions(order).map(
    ({ earlier, later }) => `${earlier.value} stands before ${later.value}, which had been answered before`,
  );
  return [...misplaced, ...reordered].slice(0, 1).map((seen) => ({ kind: "repeated", key, seen }));
}
