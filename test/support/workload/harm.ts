import type { AuditCounts } from "./audit.ts";

/** What clients notice of an update that does no harm. */
export const NO_HARM = { lostWrites: 0, repeatedWrites: 0, clientErrors: 0 };

/**
 * What clients noticed in a window, to be compared with `NO_HARM`.
 * @param mayRefuse a server before 6.2 handed over: it holds writes for 150 ms, and refuses those that come later, until an
 *   update that takes longer has opened the new colour (README, limits)
 */
export function harmIn(counts: AuditCounts | undefined, mayRefuse = false): Partial<typeof NO_HARM> {
  if (counts === undefined) return {};
  const { lostWrites, repeatedWrites, clientErrors, refusals } = counts;
  return { lostWrites, repeatedWrites, clientErrors: clientErrors - (mayRefuse ? refusals : 0) };
}
