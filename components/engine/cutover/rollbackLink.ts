import { canReplicate } from "../compatibility/matrix.ts";
import type { Deployment } from "../deployment.ts";
import { infoNumber } from "../infoReply.ts";
import { until } from "../until.ts";

/** A replica tries to connect once a second, and after a promotion the first try may meet a closing link. */
const LINK_UP_TIMEOUT_MS = 30_000;

/**
 * Waits until the old colour continues behind the new one.
 * @param fullCopiesBefore `sync_full` of the live colour from before the old one was made to follow it
 * @returns why it can't continue, once the live colour says that a full copy would be needed which the old one can't
 *   read; undefined when it is up
 */
export async function watchRollbackLink(
  standby: Deployment,
  live: Deployment,
  fullCopiesBefore: number,
): Promise<string | undefined> {
  const [liveVersion, standbyVersion] = await Promise.all([
    live.primary.version(),
    standby.primary.version(),
  ]);
  const copy = canReplicate(liveVersion, standbyVersion);
  const outcome = await until(
    async () => {
      const [state, stats] = await Promise.all([standby.primary.replication(), live.primary.info("stats")]);
      if (!copy.ok && infoNumber(stats, "sync_full") > fullCopiesBefore) {
        return {
          broken: `${standby.colour} can't continue from the backlog of ${live.colour}, and ${copy.reason}`,
        };
      }
      return state.linkUp ? { broken: undefined } : undefined;
    },
    {
      timeoutMs: LINK_UP_TIMEOUT_MS,
      intervalMs: 20,
      what: `${standby.colour} continues behind ${live.colour}`,
    },
  );
  return outcome.broken;
}
