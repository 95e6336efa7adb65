/** How a new live colour is watched after a cutover, and what makes the update roll back. */
export interface BakeSettings {
  /** How long. 0: not at all. Default 0. */
  seconds: number;
  /** Error replies a second, over a look's interval (Redis 6.2 and newer count them). Default 10. */
  maxErrorRepliesPerSecond: number;
  /** Connections a second that the server turned away because it had `maxclients`. Default 0. */
  maxRejectedConnectionsPerSecond: number;
  /** Latency of a PING through the write endpoint, over the last ten seconds; 20 a look. Milliseconds; default 100. */
  maxP50Ms: number;
  /** Default 250. */
  maxP95Ms: number;
  /** Default 500; judged from the fifth look on. */
  maxP99Ms: number;
  /**
   * How long commands run on the server, by its own count over the last ten seconds (Redis and Valkey 7.0 and newer),
   * without those that wait for data; judged from 100 commands on. Milliseconds; default 10.
   */
  maxCommandP50Ms: number;
  /** Default 50. */
  maxCommandP95Ms: number;
  /** Default 100. */
  maxCommandP99Ms: number;
  /** Least share of lookups that find their key since the bake began, in percent; judged from 1,000 lookups on. Default 0. */
  minHitPercent: number;
  /**
   * Memory that counts against `maxmemory`, in percent of it, where there is one. Default 100: no more than it, which a
   * server that evicts can't pass.
   */
  maxMemoryPercent: number;
  /**
   * How far the old colour may fall behind, in bytes; a link that is down counts as too far, once it was up. A bake that
   * ends before it was is inconclusive. Default 64 MiB.
   */
  maxLagBytes: number;
  /** The rolled-back cutover that may be tried again, as its message names it. */
  retry?: string;
}

/** The defaults. */
export const DEFAULT_BAKE: BakeSettings = {
  seconds: 0,
  maxErrorRepliesPerSecond: 10,
  maxRejectedConnectionsPerSecond: 0,
  maxP50Ms: 100,
  maxP95Ms: 250,
  maxP99Ms: 500,
  maxCommandP50Ms: 10,
  maxCommandP95Ms: 50,
  maxCommandP99Ms: 100,
  minHitPercent: 0,
  maxMemoryPercent: 100,
  maxLagBytes: 64 * 1024 * 1024,
};
