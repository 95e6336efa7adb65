import { performance } from "node:perf_hooks";
import { formatAddress } from "../address.ts";
import { operatorLogin, isOpen, observeDeployment, type Deployment } from "../deployment.ts";
import { disarmTripwire, setBacklogKept, setTripwire, unfollow } from "../follow.ts";
import {
  noteDrift,
  openCommands,
  persistClosed,
  readGate,
  type Commands,
  type Gate,
  type Handover,
} from "../gate.ts";
import { isSame } from "../handover.ts";
import { infoNumber } from "../infoReply.ts";
import { RefusedError } from "../progress.ts";
import { setRaised } from "../selfDescribing.ts";
import { DeadlineError } from "../until.ts";
import { whileAwake } from "../whileAwake.ts";
import { describeBacklog, keepBacklog, sizeBacklog } from "./backlog.ts";
import { expectSameKeys } from "./comparison.ts";
import type { CutoverFigures, CutoverInput } from "./cutoverInput.ts";
import { awaitEndpoint } from "./endpoint.ts";
import { holdForGood, pausesWritesOnly, pauseWrites, type Pause } from "../pause.ts";
import type { CutoverSteps } from "./phases.ts";
import { saveToDisk } from "./saveToDisk.ts";
import { warmUpPause } from "./warmUp.ts";
import { beginRollbackLink, watchFeeding, watchFollowing } from "./rollbackLink.ts";
import { FollowingStandby, refuseDrifted, standbyLink, type StandbyLink } from "./standbyLink.ts";
import { moveReaders } from "./readers.ts";

/** Carries a cutover out. Each step looks at the servers first; each throws rather than goes on without proof. */
export class RealCutover implements CutoverSteps {
  readonly figures: CutoverFigures;
  /** The old colour refuses writes for good: from here on nothing goes back, the next update goes forward. */
  committed = false;
  /** Where the old colour's history ends, from the fence on. */
  handover: Handover | undefined;
  private readonly input: CutoverInput;
  private startedAt = performance.now();
  private fromVersion = "0";
  /** Commands that write the old colour's file; none where it has none. */
  private persistFrom: Commands = [];
  private pause: Pause | undefined;
  private gates: { from: Gate; to: Gate } | undefined;
  private pausedAt = 0;
  private fullCopies = 0;
  private standby: StandbyLink;

  constructor(input: CutoverInput) {
    this.input = input;
    this.standby = new FollowingStandby(input.from, input.to);
    this.figures = { keysCompared: 0, keysDifferent: 0, verdict: input.verdict };
  }

  preflight = (): Promise<string> => this.input.preflight();

  link = async (): Promise<string> => {
    const { from, to, guardrails } = this.input;
    this.standby = await standbyLink(from, to, guardrails.acceptBackupOnlyRollback);
    const lag = await this.standby.lag();
    if (lag > guardrails.maxLagBytes) {
      throw new RefusedError(
        `${to.colour} lags ${lag} bytes behind ${from.colour}, more than guardrails.maxLagBytes (${guardrails.maxLagBytes})`,
      );
    }
    const keys = (await refuseDrifted(from, to)) ? guardrails.verifyKeys : "all";
    const compared = (): Promise<void> => this.compare(from, to, keys);
    await (keys === "all" ? this.offTheClock(compared) : compared());
    return `${to.colour} ${this.standby.verb} ${from.colour}, lag ${lag} bytes; ${this.figures.keysCompared} keys compared, none different`;
  };

  backup = async (): Promise<string> => {
    const { from, to } = this.input;
    const backup = await this.offTheClock(() => whileAwake([from, to], () => this.input.backup()));
    if (backup === undefined) return "none wanted";
    this.figures.backup = backup.file;
    return `${backup.file}, ${backup.bytes} bytes`;
  };

  arm = async (): Promise<string> => {
    const { from, to, guardrails, memoryLimits } = this.input;
    const saved = await this.offTheClock(() =>
      whileAwake([from], () => saveToDisk(to, guardrails.syncTimeoutMs)),
    );
    // Found out after the promotion, that a file can't be written would cost an older colour its link.
    const [fromHasFile] = await Promise.all([from.primary.configRewrite(), to.primary.configRewrite()]);
    this.persistFrom = fromHasFile ? await from.primary.configRewriteCommands() : [];
    this.fromVersion = (await from.primary.version()).version;
    const backlog = await sizeBacklog(from.primary, to.primary, memoryLimits?.[to.colour]);
    this.fullCopies = infoNumber(await to.primary.info("stats"), "sync_full");
    if (this.native) {
      await from.primary.configSet("repl-diskless-load", "swapdb");
      await setBacklogKept(from.primary, true);
    }
    await (this.native ? setTripwire(to, from) : disarmTripwire(to));
    if (this.standby.verb === "is fed from") {
      await keepBacklog(to.primary, operatorLogin(to.target, this.input.credentials));
    }
    // A PING between promotion and demotion would put the old colour ahead of the new one's history: 14 bytes that
    // would cost the rollback link.
    await setRaised(from.primary, "repl-ping-replica-period", true);
    if (this.holdsWritesOnly && this.standby.verb === "follows")
      await warmUpPause(this.input, (input) => this.stepsOn(input));
    this.checkDeadline();
    return `${saved}; ${describeBacklog(backlog, to.colour)}`;
  };

  hold = async (): Promise<string> => {
    const { from, traffic, guardrails, rolledBack } = this.input;
    const [gate, gateTo] = await Promise.all([readGate(from.primary), readGate(this.input.to.primary)]);
    this.gates = { from: rolledBack === undefined ? gate : { ...gate, rolledBack }, to: gateTo };
    await traffic.prepare();
    this.pausedAt = performance.now();
    this.pause = await pauseWrites(from.primary, {
      version: this.fromVersion,
      gate,
      durationMs: guardrails.pauseTimeoutMs,
      persist: this.persistFrom,
    });
    return `writes held on ${from.colour} at offset ${this.pause.offset}`;
  };

  "catch up" = async (): Promise<string> => {
    const pause = this.heldPause();
    const seen = await this.standby.catchUp(pause, this.input.guardrails.catchUpTimeoutMs);
    this.figures.offset = pause.offset;
    return seen;
  };

  fence = async (): Promise<string> => {
    const { colour } = this.input.from;
    // Before 6.2 the gate was closed together with the pause, and nothing can be asked until that ends.
    if (this.holdsWritesOnly) this.handover = await this.fenceVerified();
    return `${colour} takes no more writes`;
  };

  promote = async (): Promise<string> => {
    const { from, to } = this.input;
    const gate = await this.standby.promote(this.gateOf("to"), this.heldPause());
    this.gates = { from: this.gateOf("from"), to: gate };
    const [fenceLasts, promotionLasts] = await allEnded(this.fencePersisted(), to.primary.configRewrite());
    this.committed = true;
    const lacks = [
      fenceLasts
        ? undefined
        : `${from.colour} has no configuration file, so its restart would let it take writes again (the proxy would still not send clients there)`,
      promotionLasts ? undefined : `${to.colour} has no configuration file, so its restart would undo this`,
    ].filter((text) => text !== undefined);
    const persisted = lacks.length === 0 ? ", persisted on both" : "";
    return [`${to.colour} is a primary, still closed to clients${persisted}`, ...lacks].join("; ");
  };

  switch = async (): Promise<string> => {
    const { from, to, traffic } = this.input;
    await to.primary.transaction(...openCommands(this.gateOf("to")));
    this.figures.writePauseMs = performance.now() - this.pausedAt;
    this.figures.connectionsMoved = await traffic.move(from.colour, to.colour);
    await to.primary.configRewrite();
    return `clients reach ${to.colour} after a write pause of ${this.figures.writePauseMs.toFixed(1)} ms, ${this.figures.connectionsMoved} connections moved`;
  };

  release = async (): Promise<string> => {
    const { from, to, credentials } = this.input;
    const done = await beginRollbackLink(this.input.verdict, from, to, credentials, this.standby.lacks);
    const unreached = await moveReaders(from.target, to.target, credentials);
    return unreached.length === 0
      ? done
      : `${done}; replicas that did not answer or have no link: ${unreached.join(", ")}`;
  };

  verify = async (): Promise<string> => {
    const { to, endpoint } = this.input;
    const [expected, state] = await Promise.all([to.primary.info("server"), observeDeployment(to)]);
    if (!isOpen(state)) throw new RefusedError(`${to.colour} is not open to clients`);
    await awaitEndpoint(this.input, expected.get("run_id"));
    return `${formatAddress(endpoint)} leads to ${to.colour} and takes writes`;
  };

  /** Found different once more, what a rollback would lose has to be remembered: this update ends here. */
  private async compareBack(): Promise<void> {
    const { from, to } = this.input;
    try {
      await this.compare(to, from);
    } catch (error) {
      const count = this.figures.keysDifferent;
      if (error instanceof RefusedError) await noteDrift(from.primary, { what: "keys", count });
      throw error;
    }
  }

  "rollback link" = async (): Promise<string> => {
    const { from, to, verdict } = this.input;
    if (verdict.kind === "backup only") return verdict.reason;
    const found = await (this.native ? watchFollowing(from, to, this.fullCopies) : watchFeeding(from, to));
    if (found.is === "broken") {
      await unfollow(from);
      this.figures.verdict = { ...verdict, kind: "backup only", reason: found.reason };
      return `link cut, data of ${from.colour} kept: ${found.reason}`;
    }
    if (found.is === "copying") return found.reason;
    await this.compareBack();
    return `${found.reason}: rollback is ${verdict.kind}`;
  };

  /**
   * The pause runs on the server's clock and may have ended if this process was stopped: the fence doesn't end, and the
   * offset in its own transaction proves that nothing was written before it.
   */
  private async fenceVerified(): Promise<Handover> {
    const { colour, primary } = this.input.from;
    const held = this.heldPause();
    const handover = await holdForGood(primary);
    if (isSame(handover, held)) return handover;
    if (handover.replid !== held.replid) {
      throw new RefusedError(
        `${colour} began another history after it was held (${handover.replid}, held on ${held.replid})`,
      );
    }
    throw new RefusedError(
      `${colour} took writes after it was held (offset ${handover.offset}, held at ${held.offset}): the pause had ended`,
    );
  }

  private fencePersisted(): Promise<boolean> {
    if (this.handover === undefined) return Promise.resolve(this.persistFrom.length > 0);
    return persistClosed(this.input.from.primary, this.gateOf("from"), this.handover);
  }

  private stepsOn(input: CutoverInput): RealCutover {
    const steps = new RealCutover(input);
    steps.fromVersion = this.fromVersion;
    steps.persistFrom = this.persistFrom;
    return steps;
  }

  private gateOf(end: "from" | "to"): Gate {
    if (this.gates === undefined) throw new Error("writes are not held");
    return this.gates[end];
  }

  private get holdsWritesOnly(): boolean {
    return pausesWritesOnly(this.fromVersion);
  }

  private get native(): boolean {
    return this.input.verdict.kind === "lossless (native)";
  }

  private compare(
    source: Deployment,
    other: Deployment,
    keys = this.input.guardrails.verifyKeys,
  ): Promise<void> {
    return expectSameKeys(source, other, { keys, figures: this.figures, progress: this.input.progress });
  }

  private heldPause(): Pause {
    if (this.pause === undefined) throw new Error("writes are not held");
    return this.pause;
  }

  /** For what takes as long as the data is large, while nobody waits: it does not count against the cutover's deadline. */
  private async offTheClock<T>(work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    const result = await work();
    this.startedAt += performance.now() - begin;
    return result;
  }

  private checkDeadline(): void {
    if (performance.now() - this.startedAt > this.input.guardrails.cutoverTimeoutMs) {
      throw new DeadlineError(
        `the cutover took longer than ${this.input.guardrails.cutoverTimeoutMs} ms (guardrails.cutoverTimeoutMs)`,
      );
    }
  }
}

/** Like `Promise.all`, but nothing is under way any more when it throws: what follows must not cross it. */
async function allEnded<T extends unknown[]>(...values: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(values);
  return Promise.all(values);
}
