import { checkCounter } from "./counter.ts";
import { type KeyHistory, type KeyType, type Violation } from "./history.ts";
import { checkList } from "./list.ts";
import { checkRegister } from "./register.ts";
import { checkSet } from "./set.ts";

const CHECKS: Record<KeyType, (history: KeyHistory) => Violation[]> = {
  counter: checkCounter,
  register: checkRegister,
  list: checkList,
  set: checkSet,
};

/**
 * Whether one order of each key's calls explains every answer that clients got and what was there in the end, each call
 * taking effect at one moment between its invocation and its answer (linearizability). Exact, and fast however long the
 * history is and however many clients share a key, since values are unique and counters, lists and sets tell their order
 * by themselves.
 * @returns nothing where there is such an order
 */
export function checkHistories(histories: readonly KeyHistory[]): Violation[] {
  return histories.flatMap((history) => CHECKS[history.type](history));
}
