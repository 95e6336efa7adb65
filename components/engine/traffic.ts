import type { Colour } from "./colour.ts";

/** Where the traffic switch sends clients, as it is observed. */
export interface TrafficState {
  /** The colour that new client connections for writing go to; absent where none or both would get them. */
  target?: Colour;
  /** Client sessions on each colour's primary. */
  sessions: Record<Colour, number>;
}

/**
 * The traffic switch as the cutover needs it. Implementations: haproxy.ts. Each call is idempotent and looks at the
 * switch first; none of them decides which colour is live, the servers do.
 */
export interface Traffic {
  /** What the switch does now. */
  observe(): Promise<TrafficState>;
  /** Makes ready what `move` needs, while nobody waits for it yet. */
  prepare(): Promise<void>;
  /**
   * Lets new connections reach `to`, keeps them away from `from` and shuts every session there, in one round trip, since
   * clients wait; returns how many sessions were shut.
   */
  move(from: Colour, to: Colour): Promise<number>;
  /** Ends connections to the switch itself. */
  close(): void;
}

/** A switch that does nothing, where only the servers matter. */
export const NO_TRAFFIC: Traffic = {
  observe: () => Promise.resolve({ sessions: { blue: 0, green: 0 } }),
  prepare: () => Promise.resolve(),
  move: () => Promise.resolve(0),
  close: () => undefined,
};
