import { setTimeout as delay } from "node:timers/promises";

/** A deadline passed before the awaited condition came true. */
export class DeadlineError extends Error {
  override name = "DeadlineError";
}

/** How a condition is awaited; times in milliseconds. */
export interface UntilOptions {
  timeoutMs: number;
  /** Pause between two looks; 0 looks again at once. */
  intervalMs: number;
  /** What is awaited, for the error: `green has every byte`. */
  what: string;
}

/**
 * Looks until `probe` gives a value. A probe that doesn't end is not waited for beyond the deadline.
 * @throws DeadlineError with what was awaited
 */
export async function until<T>(probe: () => Promise<T | undefined>, options: UntilOptions): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  const over = new AbortController();
  const late = delay(options.timeoutMs, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    for (;;) {
      const value = await Promise.race([probe(), late]);
      if (value !== undefined) return value;
      if (performance.now() >= deadline) {
        throw new DeadlineError(`${options.what}: not within ${options.timeoutMs} ms`);
      }
      if (options.intervalMs > 0) await delay(options.intervalMs);
    }
  } finally {
    over.abort();
  }
}
