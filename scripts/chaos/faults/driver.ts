import type { RunningUpdate } from "../../../test/support/runningUpdate.ts";
import { DEFAULTS, type Fault } from "./fault.ts";

/** SIGKILL of the command line, the language host and every provider. */
export const driverKilled = killedBy((update) => update.kill());

/** SIGKILL of the command line and the language host alone: the provider goes on without anybody who listens. */
export const driverOrphaned = killedBy((update) => update.orphan());

/** SIGSTOP of the command line, the language host and every provider. */
export const driverStopped: Fault = {
  ...DEFAULTS,
  manner: "resend",
  make: ({ update }) => {
    update.stop();
    return Promise.resolve(() => {
      update.resume();
      return Promise.resolve();
    });
  },
};

/** The update doesn't come to its end, and leaves the stack locked. */
function killedBy(kill: (update: RunningUpdate) => Promise<unknown>): Fault {
  return {
    ...DEFAULTS,
    manner: "resend",
    lastsMs: 0,
    make: async ({ update }) => {
      await kill(update);
      return () => update.unlock();
    },
  };
}
