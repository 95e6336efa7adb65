import { canReplicate } from "../compatibility/matrix.ts";
import type { Verdict } from "../compatibility/rollbackVerdict.ts";
import type { Credentials } from "../credentials.ts";
import type { Deployment } from "../deployment.ts";
import { feed } from "../feed.ts";
import { feedStatus } from "../feedProgress.ts";
import { follow, isTripped, keepClosed } from "../follow.ts";
import { readGate } from "../gate.ts";
import { infoNumber } from "../infoReply.ts";
import type { ReplicationState } from "../replicationState.ts";
import { DeadlineError, until } from "../until.ts";

/** A replica tries to connect once a second, and after a promotion the first try may meet a closing link. */
const LINK_UP_TIMEOUT_MS = 30_000;

/** What became of the link from the new live colour to the old one. */
export interface RollbackLink {
  /** `copying`: it will be up when every key is copied, which whoever made it need not wait for. */
  is: "up" | "copying" | "broken";
  /** A clause. */
  reason: string;
}

/**
 * Has the old colour get what the new live one takes, in the way that the verdict names.
 * @param anew it holds something that the live one lacks, so that the bridge has to copy every key
 */
export async function beginRollbackLink(
  { kind }: Verdict,
  standby: Deployment,
  live: Deployment,
  credentials: Credentials,
  anew: boolean,
): Promise<string> {
  if (kind === "backup only") {
    await keepClosed(standby);
    return `${standby.colour} stays as it was, refusing writes`;
  }
  if (kind === "lossless (native)") {
    await follow(standby, live, credentials);
    return `${standby.colour} follows ${live.colour}`;
  }
  await feed(standby, live, credentials, anew);
  return `the bridge may write to ${standby.colour}, and nobody else`;
}

/**
 * Waits until the old colour continues behind the new one, or is being copied where it can take a copy.
 * @param fullCopiesBefore `sync_full` of the live colour from before the old one was made to follow it
 */
export async function watchFollowing(
  standby: Deployment,
  live: Deployment,
  fullCopiesBefore: number,
): Promise<RollbackLink> {
  const [sender, reader] = await Promise.all([live.primary.version(), standby.primary.version()]);
  const copy = canReplicate(sender, reader);
  const isCopied = async (): Promise<boolean> =>
    infoNumber(await live.primary.info("stats"), "sync_full") > fullCopiesBefore;
  const broken: RollbackLink = {
    is: "broken",
    reason: `${standby.colour} can't continue from the backlog of ${live.colour}, and ${copy.reason}`,
  };
  const watch = async (): Promise<RollbackLink | undefined> => {
    const [state, copied] = await Promise.all([standby.primary.replication(), isCopied()]);
    if (state.linkUp) {
      const how = copy.ok && copied ? "after a full copy" : "without a full copy";
      return { is: "up", reason: `${standby.colour} continues behind ${live.colour} ${how}` };
    }
    if (!copy.ok) return (await asksForCopy(state, live)) ? broken : undefined;
    if (!copied) return undefined;
    return { is: "copying", reason: `${standby.colour} takes a full copy of ${live.colour}` };
  };
  const what = `${standby.colour} continues behind ${live.colour}`;
  try {
    return await until(watch, { timeoutMs: LINK_UP_TIMEOUT_MS, intervalMs: 20, what });
  } catch (error) {
    // Asked for again and again, a copy that can't be read may be refused between two looks.
    if (error instanceof DeadlineError && !copy.ok && (await isCopied())) return broken;
    throw error;
  }
}

/** Told by the standby, or by the tripwire. */
async function asksForCopy(standby: ReplicationState, live: Deployment): Promise<boolean> {
  if (standby.syncInProgress) return true;
  return isTripped({ target: live.target, replication: await live.primary.replication() }, standby);
}

/** Waits until the bridge feeds the old colour; one that has to copy every key first is left to do so. */
export async function watchFeeding(standby: Deployment, live: Deployment): Promise<RollbackLink> {
  try {
    return await until(
      async (): Promise<RollbackLink | undefined> => {
        const gate = await readGate(standby.primary);
        if ((await feedStatus(live, standby, gate)) === "up") {
          return { is: "up", reason: `the bridge feeds ${standby.colour} with what ${live.colour} takes` };
        }
        return gate.fed?.progress?.position.copying === true
          ? { is: "copying", reason: `the bridge copies every key of ${live.colour} to ${standby.colour}` }
          : undefined;
      },
      { timeoutMs: LINK_UP_TIMEOUT_MS, intervalMs: 20, what: `the bridge feeds ${standby.colour}` },
    );
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    return { is: "copying", reason: `${error.message}; the rollback link waits for it` };
  }
}
