import { setTimeout as delay } from "node:timers/promises";
import type { Deployment } from "./deployment.ts";

/** Shorter than any `timeout` that a server would have for idle clients. */
const PERIOD_MS = 5_000;

/** Does something that takes long, and keeps servers from ending connections that are idle meanwhile. */
export async function whileAwake<T>(deployments: readonly Deployment[], work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const awake = async (): Promise<void> => {
    for (;;) {
      await delay(PERIOD_MS, undefined, { signal: over.signal });
      await Promise.all(deployments.map(({ primary }) => primary.call("PING")));
    }
  };
  // Whether a connection ended is for whoever uses it next to find out.
  const ended = awake().catch(() => undefined);
  try {
    return await work();
  } finally {
    over.abort();
    await ended;
  }
}
