const nanoseconds = {
  h: 3_600_000_000_000,
  m: 60_000_000_000,
  s: 1_000_000_000,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  ns: 1,
};

/** What a duration must look like, e.g. `30s` or `1m0s`. */
export const durationPattern = /^(0|(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+)$/;

/** Nanoseconds of a Go duration; 0 where there is none. */
export function parseDuration(text: string | undefined): number {
  let total = 0;
  for (const [, amount, unit] of (text ?? "").matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g))
    total += Number(amount) * nanoseconds[unit as keyof typeof nanoseconds];
  return Math.round(total);
}

/** As Go prints a duration: `0s`, `500ms`, `30s`, `1m0s`, `1h0m0s`. */
export function formatDuration(duration = 0): string {
  if (duration === 0) return "0s";
  if (duration < nanoseconds.us) return `${duration}ns`;
  if (duration < nanoseconds.ms) return `${String(duration / nanoseconds.us)}µs`;
  if (duration < nanoseconds.s) return `${String(duration / nanoseconds.ms)}ms`;
  const hours = Math.floor(duration / nanoseconds.h);
  const minutes = Math.floor((duration % nanoseconds.h) / nanoseconds.m);
  const seconds = `${String((duration % nanoseconds.m) / nanoseconds.s)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
