/**
 * What can break. `old` serves when the cutover begins, `new` is where traffic goes, also in a rollback.
 *
 * Left out, since there is no safe way to do it to a container of one's own only: a disk that is really full (an
 * unwritable configuration stands for it) and a clock that differs (containers share the host's).
 */
export const FAULT_NAMES = [
  "driver-killed",
  "driver-stopped",
  "old-frozen",
  "new-frozen",
  "proxy-killed",
  "proxy-frozen",
  "old-cut-off",
  "new-cut-off",
  "proxy-cut-off",
  "old-password",
  "new-password",
  "link-refused",
  "old-unwritable",
  "new-unwritable",
  "old-killed",
  "new-killed",
] as const;

/** One of them. */
export type FaultName = (typeof FAULT_NAMES)[number];
