import type { Traffic } from "../../components/engine/traffic.ts";

/** A switch that does nothing, for tests of the servers alone. */
export const TRAFFIC_STAYS: Traffic = {
  observe: () => Promise.resolve({ sessions: { blue: 0, green: 0 } }),
  prepare: () => Promise.resolve(),
  move: () => Promise.resolve(0),
  close: () => undefined,
};
