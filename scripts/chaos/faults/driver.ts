import { DEFAULTS, type Fault } from "./fault.ts";

/** SIGKILL of the command line, the language host and every provider. */
export const driverKilled: Fault = {
  ...DEFAULTS,
  manner: "resend",
  lastsMs: 0,
  make: async ({ update }) => {
    await update.kill();
    return () => update.unlock();
  },
};

/** SIGKILL of the command line and the language host alone: the provider goes on without anybody who listens. */
export const driverOrphaned: Fault = {
  ...DEFAULTS,
  manner: "resend",
  lastsMs: 0,
  make: async ({ update }) => {
    await update.orphan();
    return () => update.unlock();
  },
};

/** SIGSTOP of the same. */
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
