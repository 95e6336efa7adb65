import { CLOCK_FILE } from "../clockImage.ts";
import { DEFAULTS, inContainer, type Fault } from "./fault.ts";

/** A server's clock jumps, and jumps back when the driver has ended. Timers that count by the monotonic clock don't see it. */
export function clockJumps(part: "old" | "new", seconds: number): Fault {
  const by = seconds > 0 ? `+${seconds}s` : `${seconds}s`;
  return {
    ...DEFAULTS,
    lastsMs: Infinity,
    manner: "resend",
    ground: "clock",
    needs: "faketime",
    make: async (scene) => {
      await inContainer(part, scene, `echo ${by} >${CLOCK_FILE}`);
      return () => inContainer(part, scene, `echo +0s >${CLOCK_FILE}`);
    },
  };
}
