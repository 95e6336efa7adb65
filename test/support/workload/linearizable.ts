import type { Call, FinalValue, KeyHistory } from "../../../scripts/chaos/checker/history.ts";

/** What a server holds for one key. */
type State = readonly number[];

/**
 * Whether some order explains a short history: the search of Wing and Gong with Lowe's memory of what was tried. It takes
 * exponential time and knows nothing of the kinds of values, which makes it the measure for the quick checks.
 */
export function isLinearizable({ type, calls, final }: KeyHistory): boolean {
  const relevant = calls.filter(({ outcome }) => outcome !== "fail");
  const tried = new Set<string>();
  const search = (done: bigint, state: State): boolean => {
    const memo = `${done}:${state.join()}`;
    if (tried.has(memo)) return false;
    tried.add(memo);
    const left = relevant
      .map((call, i) => ({ call, bit: 1n << BigInt(i) }))
      .filter(({ bit }) => !(done & bit));
    if (left.every(({ call }) => call.outcome === "unknown") && agrees(type, state, final)) return true;
    const firstEnd = Math.min(...left.map(({ call }) => call.endedAt));
    return left.some(({ call, bit }) => {
      if (call.invokedAt > firstEnd) return false;
      const next = apply(state, call);
      return next !== undefined && search(done | bit, next);
    });
  };
  return search(0n, []);
}

/** The state after a call; undefined where the server would have answered something else. */
function apply(state: State, call: Call): State | undefined {
  const { next, reply } = carryOut(state, call);
  return call.outcome === "unknown" || call.reply === reply ? next : undefined;
}

/** What a correct server does. A set's state is its members, in the order in which they came. */
export function carryOut(state: State, { kind, value }: Call): { next: State; reply: number } {
  const number = state[0] ?? 0;
  switch (kind) {
    case "increment":
      return { next: [number + 1], reply: number + 1 };
    case "set":
      return { next: [value], reply: value };
    case "push":
      return { next: [...state, value], reply: state.length + 1 };
    case "add":
      return state.includes(value) ? { next: state, reply: 0 } : { next: [...state, value], reply: 1 };
    case "contains":
      return { next: state, reply: Number(state.includes(value)) };
    case "readCounter":
    case "get":
      return { next: state, reply: number };
  }
}

function agrees(type: KeyHistory["type"], state: State, final: FinalValue | undefined): boolean {
  if (final === undefined) return true;
  if (type === "counter" || type === "register") return (state[0] ?? 0) === (final.number ?? 0);
  const values = final.values ?? [];
  if (type === "list") return state.join() === values.join();
  return state.toSorted().join() === values.toSorted().join();
}
