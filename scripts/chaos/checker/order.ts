/** When something was asked for and when its answer was there. */
export interface Interval {
  invokedAt: number;
  endedAt: number;
}

/**
 * The pairs whose order contradicts the clock: `earlier` is claimed to have happened first, but was asked for only when
 * `later` had been answered already. A claimed order is possible exactly when there is none.
 * @returns at most one pair for each claimed-earlier element
 */
export function contradictions<T extends Interval>(claimed: readonly T[]): { earlier: T; later: T }[] {
  const found: { earlier: T; later: T }[] = [];
  let firstAnswered: T | undefined;
  for (const element of claimed.toReversed()) {
    if (firstAnswered !== undefined && firstAnswered.endedAt < element.invokedAt) {
      found.push({ earlier: element, later: firstAnswered });
    }
    if (firstAnswered === undefined || element.endedAt < firstAnswered.endedAt) firstAnswered = element;
  }
  return found.reverse();
}
