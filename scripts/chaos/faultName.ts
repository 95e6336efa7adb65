/**
 * What can break. `old` serves when the cutover begins, `new` is where traffic goes, also in a rollback. `apart`: these
 * two don't hear each other and everybody else does; `cut-off`: from everybody.
 */
export const FAULT_NAMES = [
  "driver-killed",
  "driver-orphaned",
  "driver-stopped",
  "old-frozen",
  "new-frozen",
  "proxy-killed",
  "proxy-frozen",
  "old-cut-off",
  "new-cut-off",
  "proxy-cut-off",
  "old-new-apart",
  "proxy-old-apart",
  "proxy-new-apart",
  "driver-old-apart",
  "driver-new-apart",
  "driver-proxy-apart",
  "network-slow",
  "network-lossy",
  "old-password",
  "new-password",
  "link-refused",
  "old-unwritable",
  "new-unwritable",
  "old-killed",
  "new-killed",
  "old-disk-full",
  "new-disk-full",
  "old-clock-ahead",
  "old-clock-behind",
  "new-clock-ahead",
  "new-clock-behind",
  "bridge-killed",
  "bridge-frozen",
  "bridge-cut-off",
] as const;

/** One of them. */
export type FaultName = (typeof FAULT_NAMES)[number];
