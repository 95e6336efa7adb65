/** Limits and permissions of an update. All durations in milliseconds, all sizes in bytes. */
export interface Guardrails {
  /** Cut over although the way back would be a restored backup. Default false. */
  acceptBackupOnlyRollback: boolean;
  /** Let `pulumi destroy` remove the live colour, after a last backup. Default false. */
  allowDestroy: boolean;
  /** The most the standby may lag when a cutover starts. Default 1 MiB. */
  maxLagBytes: number;
  /** How long a new standby may take to be in sync, and a new live colour to save what it holds. Default 10 minutes. */
  syncTimeoutMs: number;
  /** How long writes may be held before the fence; until then the pause on the server ends by itself. Default 3,000. */
  pauseTimeoutMs: number;
  /** How long the standby may take to reach the last byte once writes are held. Default 1,000. */
  catchUpTimeoutMs: number;
  /**
   * From preflight until writes are held, without backup, save and a comparison of every key, which take as long as the data
   * is large. Default 120,000.
   */
  cutoverTimeoutMs: number;
  /** Keys compared by value and expiry, before and after a cutover; 0: none, "all": every key. Default 1,000. */
  verifyKeys: number | "all";
}

/** The defaults, beside which config and component arguments are laid. */
export const DEFAULT_GUARDRAILS: Guardrails = {
  acceptBackupOnlyRollback: false,
  allowDestroy: false,
  maxLagBytes: 1024 * 1024,
  syncTimeoutMs: 600_000,
  pauseTimeoutMs: 3_000,
  catchUpTimeoutMs: 1_000,
  cutoverTimeoutMs: 120_000,
  verifyKeys: 1_000,
};
