import type { Colour } from "./colour.ts";

/** Where the traffic switch sends clients, as it is observed. */
export interface TrafficState {
  /** The colour that new client connections for writing go to; absent where none or both would get them. */
  target?: Colour;
  /** Client sessions on each colour's primary. */
  sessions: Record<Colour, number>;
  /** Colours whose new connections are being held. */
  held: Colour[];
}

/**
 * The traffic switch as the cutover needs it. Implementations: haproxy.ts. Each call is idempotent and looks at the
 * switch first; none of them decides which colour is live, the servers do.
 */
export interface Traffic {
  /** What the switch does now. */
  observe(): Promise<TrafficState>;
  /** New connections wait in a queue instead of reaching `colour`. */
  hold(colour: Colour): Promise<void>;
  /** Ends a hold without moving anything. */
  release(colour: Colour): Promise<void>;
  /** Sends new and waiting connections to `to` and shuts every session on the other colour; returns how many. */
  move(to: Colour): Promise<number>;
  /** Ends connections to the switch itself. */
  close(): void;
}
