import { setTimeout } from "node:timers/promises";
import { messageOf, refusal } from "./dockerClient.ts";

const deadlineMs = 30_000;
const intervalMs = 500;

/**
 * Removes something, trying again, as the official provider does, while the daemon says that containers hold it.
 * What is gone already is fine.
 * @param held what the daemon's refusal says then
 */
export async function removeWhenFree(held: string, remove: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      await remove();
      return;
    } catch (error) {
      if (refusal(error) === 404) return;
      if (!messageOf(error).includes(held) || performance.now() > deadline) throw error;
    }
    await setTimeout(intervalMs);
  }
}
