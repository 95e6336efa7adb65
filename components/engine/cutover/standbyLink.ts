import { lackingForms } from "../bridge/lackingForms.ts";
import type { Deployment } from "../deployment.ts";
import { isForward } from "../compatibility/rollbackVerdict.ts";
import { describeDrift, driftOf, isStillCounted } from "../drift.ts";
import { holdsUpTo, progressCommands, progressIn } from "../fed.ts";
import { isFed, promoteCommands, readGate, type Gate } from "../gate.ts";
import type { Pause } from "../pause.ts";
import { RefusedError } from "../progress.ts";
import { until } from "../until.ts";
import { sameKeyspace, standbyProgress } from "./catchUp.ts";

/** What the new colour does until it is promoted, for sentences: it replicates, or the bridge writes to it. */
export type StandbyVerb = "follows" | "is fed from";

/** How the new colour gets the old one's writes until it is promoted. Each call looks at the servers. */
export interface StandbyLink {
  readonly verb: StandbyVerb;
  /** The old colour holds something that the new one has no form for, and whose loss is accepted. Known once it caught up. */
  readonly lacks: boolean;
  /**
   * How far the new colour is behind. Bytes.
   * @throws RefusedError where the link isn't up
   */
  lag(): Promise<number>;
  /**
   * Waits until the new colour has everything that the old one had when it was paused.
   * @returns what was seen, for the progress line
   * @throws RefusedError where they are not the same data, or some of it has no form there; DeadlineError after `timeoutMs`
   */
  catchUp(pause: Pause, timeoutMs: number): Promise<string>;
  /** Makes it a primary that is still closed; returns its gate as it is then. */
  promote(gate: Gate, pause: Pause): Promise<Gate>;
}

/**
 * The link that the new colour has.
 * @param acceptsLoss what the bridge could not give it may be lost
 */
export async function standbyLink(
  from: Deployment,
  to: Deployment,
  acceptsLoss: boolean,
): Promise<StandbyLink> {
  const gate = await readGate(to.primary);
  return isFed(gate) ? new FedStandby(from, to, acceptsLoss) : new FollowingStandby(from, to);
}

/** The new colour is the old one's replica. */
export class FollowingStandby implements StandbyLink {
  readonly verb = "follows";
  readonly lacks = false;
  readonly #from: Deployment;
  readonly #to: Deployment;

  constructor(from: Deployment, to: Deployment) {
    this.#from = from;
    this.#to = to;
  }

  async lag(): Promise<number> {
    const [from, to] = [this.#from, this.#to];
    const [primary, standby] = await Promise.all([from.primary.replication(), to.primary.replication()]);
    if (standby.role !== "replica" || !standby.linkUp || standby.replid !== primary.replid) {
      throw new RefusedError(`${to.colour} does not follow ${from.colour}: its link is not up`);
    }
    return Math.max(0, primary.offset - standby.offset);
  }

  async catchUp(pause: Pause, timeoutMs: number): Promise<string> {
    const { colour, primary } = this.#to;
    const reached = await until(
      async () => {
        const now = await standbyProgress(primary);
        return now.offset >= pause.offset ? now : undefined;
      },
      { timeoutMs, intervalMs: 0, what: `${colour} reaches offset ${pause.offset}` },
    );
    if (reached.replid !== pause.replid) {
      throw new RefusedError(
        `${colour} is on another history (${reached.replid}) than ${this.#from.colour} (${pause.replid}): they are not the same data`,
      );
    }
    if (reached.offset !== pause.offset || !sameKeyspace(reached.keyspace, pause.keyspace)) {
      throw new RefusedError(
        `${colour} is at offset ${reached.offset} with other key counts than ${this.#from.colour} at ${pause.offset}: they are not the same data`,
      );
    }
    return `${colour} has every byte, key counts equal in ${pause.keyspace.size} databases`;
  }

  async promote(gate: Gate, { replid, offset }: Pause): Promise<Gate> {
    const tookOver = { of: { replid, offset }, run: gate.runId };
    const promoted: Gate = { ...gate, tookOver };
    await this.#to.primary.transaction(...promoteCommands(promoted));
    return promoted;
  }
}

/** The bridge writes to the new colour what the old one takes. Key counts say little: both expire keys by themselves. */
class FedStandby implements StandbyLink {
  readonly verb = "is fed from";
  lacks = false;
  readonly #from: Deployment;
  readonly #to: Deployment;
  readonly #acceptsLoss: boolean;
  #lastDatabase = 0;

  constructor(from: Deployment, to: Deployment, acceptsLoss: boolean) {
    this.#from = from;
    this.#to = to;
    this.#acceptsLoss = acceptsLoss;
  }

  async lag(): Promise<number> {
    const [{ replid, offset }, gate] = await Promise.all([
      this.#from.primary.replication(),
      readGate(this.#to.primary),
    ]);
    const position = gate.fed?.progress?.position;
    if (gate.fed === undefined || position === undefined || position.replid !== replid) {
      throw new RefusedError(
        `the bridge does not feed ${this.#to.colour} with what ${this.#from.colour} takes`,
      );
    }
    if (position.copying)
      throw new RefusedError(`the bridge is still copying every key to ${this.#to.colour}`);
    this.#lastDatabase = gate.fed.lastDatabase;
    return Math.max(0, offset - position.applied.offset);
  }

  async catchUp(pause: Pause, timeoutMs: number): Promise<string> {
    const { colour, primary } = this.#to;
    const { progress } = await until(
      async () => {
        const replies = await primary.transaction(...progressCommands(this.#lastDatabase));
        const found = progressIn(replies);
        return holdsUpTo(found, pause) ? found : undefined;
      },
      { timeoutMs, intervalMs: 0, what: `the bridge has brought ${colour} to offset ${pause.offset}` },
    );
    const lacking = progress?.unrepresentable ?? 0;
    this.lacks = lacking > 0;
    if (this.lacks && !this.#acceptsLoss) {
      throw new RefusedError(
        `${lackingForms(colour, lacking)}, written after the checks; pulumi preview names it`,
      );
    }
    return `${colour} has every write up to offset ${pause.offset}`;
  }

  async promote(gate: Gate, pause: Pause): Promise<Gate> {
    const { colour, primary } = this.#to;
    if (gate.fed === undefined) throw new RefusedError(`${colour} is not fed any more`);
    const replies = await primary.transaction(
      ...promoteCommands(gate),
      ...progressCommands(this.#lastDatabase),
    );
    const found = progressIn(replies);
    if (!holdsUpTo(found, pause)) {
      throw new RefusedError(`${colour} does not have every write up to offset ${pause.offset}`);
    }
    return { ...gate, unopened: true, fed: { ...gate.fed, ...found } };
  }
}

/**
 * @returns whether it is certain that the new colour has not drifted: an older one that was restarted, or had its
 *   statistics reset, has forgotten what it rejected before
 * @throws RefusedError where it has, so that making it live would lose writes
 */
export async function refuseDrifted(from: Deployment, to: Deployment): Promise<boolean> {
  const [gate, info, old, next] = await Promise.all([
    readGate(to.primary),
    to.primary.info("everything"),
    from.primary.version(),
    to.primary.version(),
  ]);
  const drift = driftOf(gate, info);
  if (drift !== undefined) throw new RefusedError(describeDrift(to.colour, from.colour, drift));
  return isForward(old, next) || isFed(gate) || isStillCounted(gate, info);
}
