import type { Deployment } from "./deployment.ts";
import { lingeringKeys, type Fed } from "./fed.ts";
import { isFed, readGate, type Gate } from "./gate.ts";
import { keyCount } from "./keyspace.ts";
import { RefusedError } from "./progress.ts";
import type { RedisServer } from "./redisServer.ts";
import type { ReplicationState } from "./replicationState.ts";
import type { LinkInput, LinkStatus } from "./replicationLink.ts";
import { until } from "./until.ts";

/** So close behind counts as in sync. */
export const IN_SYNC_BYTES = 1024 * 1024;

/** Looks at a link that the bridge carries. */
export async function feedStatus(live: Deployment, standby: Deployment, gate: Gate): Promise<LinkStatus> {
  if (gate.fed === undefined || !isFed(gate)) return "cut";
  return (await isInSync(gate.fed, standby, await live.primary.replication())) ? "up" : "connecting";
}

/**
 * Whether the bridge is done with all keys that it copies again, save for those that clients have it copy meanwhile, and is on
 * the live colour's history, however far. What a cutover needs beyond that, it waits for once writes are held.
 */
async function isInSync(fed: Fed, standby: Deployment, live: ReplicationState): Promise<boolean> {
  const { progress } = fed;
  if (progress === undefined || progress.position.copying || progress.position.replid !== live.replid)
    return false;
  return progress.staleKeys === 0 || (await lingeringKeys(standby.primary, fed.lastDatabase)) === 0;
}

/** Waits until the bridge has every key and is close behind. */
export async function awaitFed({
  live,
  standby,
  syncTimeoutMs,
  pathPrefix,
  progress,
}: LinkInput): Promise<void> {
  let said = performance.now();
  await until(
    async () => {
      const [ahead, gate] = await Promise.all([live.primary.replication(), readGate(standby.primary)]);
      if (gate.fed === undefined) throw new RefusedError(`${standby.colour} is not fed any more`);
      const behind = ahead.offset - (gate.fed.progress?.position.applied.offset ?? 0);
      if (behind <= IN_SYNC_BYTES && (await isInSync(gate.fed, standby, ahead))) return true;
      if (performance.now() - said > 2_000) {
        said = performance.now();
        progress(await feedingLine(live, standby, gate.fed));
      }
      return undefined;
    },
    {
      timeoutMs: syncTimeoutMs,
      intervalMs: 100,
      what: `the bridge has ${standby.colour} in sync with ${live.colour} (${pathPrefix}guardrails.syncTimeoutMs; the bridge's log and health say what it is doing)`,
    },
  );
  progress(`the bridge feeds ${standby.colour} with what ${live.colour} takes, in sync`);
}

async function feedingLine(live: Deployment, standby: Deployment, { progress }: Fed): Promise<string> {
  if (progress === undefined) return `the bridge has not begun to feed ${standby.colour}`;
  if (progress.position.copying) {
    const [here, there] = await Promise.all([standby.primary.keyspace(), live.primary.keyspace()]);
    return `${standby.colour}: re-syncing, ${keyCount(here)} of ${keyCount(there)} keys`;
  }
  return `${standby.colour}: the bridge is at offset ${progress.position.applied.offset}, ${progress.staleKeys} keys are copied again`;
}

/** Up to which offset of the live colour's history the bridge has brought a standby; undefined before it has begun. */
export async function appliedOffset(standby: RedisServer): Promise<number | undefined> {
  return (await readGate(standby)).fed?.progress?.position.applied.offset;
}
