import { setTimeout as delay } from "node:timers/promises";
import { atLeast } from "../serverVersion.ts";
import type { Batch, BatchOutcome } from "./batch.ts";
import { CommandTable } from "./commandTable.ts";
import { failedCommands } from "./failedCommands.ts";
import { copyEverything, type CopyProgress } from "./fullCopy.ts";
import { KeyCopier } from "./keyCopy/keyCopier.ts";
import { KeyReader } from "./keyCopy/keyReader.ts";
import { KeySpecs } from "./keySpecs.ts";
import { LinkError, PlainClient } from "./plainClient.ts";
import { removeNotes } from "./ownNotes.ts";
import { UNKNOWN_DATABASE } from "./position.ts";
import type { SessionParts } from "./sessionParts.ts";
import { StaleKeys } from "./staleKeys.ts";
import { StreamApplier } from "./streamApplier.ts";
import { StreamParser } from "./streamParser.ts";
import type { TargetLink } from "./targetLink.ts";
import { abilitiesOf } from "./translations/abilities.ts";
import { translationTable } from "./translations/translationTable.ts";
import { Unrepresentable } from "./unrepresentable.ts";

const TICK_MS = 50;
const POSITION_MS = 1_000;
/** The stream rests for so long before the place is noted by itself: under load, each batch notes it. */
const REST_MS = 1;

/** One attachment of the bridge to both servers, from the connection to its end. */
export class Session {
  readonly stale = new StaleKeys();
  readonly unrepresentable = new Unrepresentable();
  readonly applier: StreamApplier;
  /** While the dataset is copied. */
  progress: CopyProgress | undefined;
  readonly #parts: SessionParts;
  readonly #parser = new StreamParser();
  readonly #keys: KeySpecs;
  readonly #clients: PlainClient[] = [];
  #copier: KeyCopier | undefined;
  #ended = false;
  /** The next session copies everything, whatever comes of the copy that is under way. */
  #restarting = false;
  /** Transactions of which the answers are there. */
  #answered = 0;
  /** The copier wants the stream to stand still. */
  #held = false;
  #rest: NodeJS.Timeout | undefined;
  readonly #end = Promise.withResolvers<undefined>();
  /** Settles when the session is over: resolved where it was stopped, rejected where something failed. */
  readonly over: Promise<void> = this.#end.promise;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.over.catch(() => undefined);
    this.#keys = new KeySpecs(parts.source.commands);
    this.applier = this.#makeApplier();
  }

  /** Begins to apply, and to copy where the source could not go on. */
  async run(): Promise<void> {
    const { target, link, start, beginning } = this.#parts;
    if (start.resumed && beginning.continued) this.#restore();
    const fail = (error: Error): void => {
      this.fail(error);
    };
    target.onFailure = fail;
    target.onRoom = () => {
      this.#goOn();
    };
    this.#watch(target);
    if (!beginning.continued || !start.resumed) removeNotes(this.applier);
    // They take as much again as those that are kept of them.
    target.facts.stale = [];
    this.applier.ledger.noting = beginning.continued;
    // What was noted may be too much already.
    this.applier.note({ copying: !beginning.continued || this.#restarting });
    await this.#startCopier();
    // What ended meanwhile has closed the link, and would not do so again.
    if (this.#ended) return;
    link.acknowledge(() => this.applier.confirmed.offset);
    link.start((chunk) => {
      this.#take(chunk);
    }, fail);
    const ticks = this.#tick();
    if (!beginning.continued) await this.#copyAll();
    await ticks;
  }

  /** Ends it; what is on its way may or may not take effect, which the next one sees. */
  fail(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#rest);
    this.#copier?.stop();
    this.#parts.link.close();
    this.#parts.target.close();
    this.#parts.source.control.close();
    for (const client of this.#clients) client.close();
    if (error === undefined) this.#end.resolve(undefined);
    else this.#end.reject(error);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends what was read and waits for the answers, at most so long. */
  async finish(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    this.#parts.link.pause();
    while (!this.#ended && performance.now() < deadline) {
      if (this.#parts.target.inFlight === 0) {
        if (!this.applier.unsettled) break;
        this.applier.flush(true);
      }
      await delay(1);
    }
    this.fail();
  }

  #makeApplier(): StreamApplier {
    const { source, target, start, beginning, figures } = this.#parts;
    const dialects = {
      source: source.version,
      target: target.facts.version,
      sourceCommands: source.commands,
      targetCommands: target.facts.commands,
    };
    const place = { offset: beginning.offset, database: UNKNOWN_DATABASE };
    return new StreamApplier({
      parser: this.#parser,
      rules: new CommandTable(translationTable(dialects)),
      sink: target,
      stale: this.stale,
      unrepresentable: this.unrepresentable,
      figures,
      databases: target.facts.databases,
      position: beginning.continued
        ? { ...start.position, replid: beginning.replid }
        : { ...start.position, replid: beginning.replid, applied: place, confirmed: place },
      keysOf: (name, words) => this.#keys.keysOf(name, words),
      askKeys: (words) => this.#askKeys(words),
      onAnswered: () => {
        this.#goOn();
      },
      onAskedForOffset: () => {
        this.#parts.link.acknowledgeNow();
      },
      onRestart: (reason) => {
        this.#restart(reason);
      },
    });
  }

  /** The next session copies everything. */
  #restart(reason: string): void {
    this.#restarting = true;
    this.applier.note({ copying: true });
    setTimeout(() => {
      this.fail(new LinkError(`everything is copied again: ${reason}`));
    }, TICK_MS);
  }

  async #askKeys(words: readonly Buffer[]): Promise<Buffer[]> {
    const [reply] = await this.#parts.source.control.batch([["COMMAND", "GETKEYS", ...words]]);
    return Array.isArray(reply) ? (reply as Buffer[]) : [];
  }

  #restore(): void {
    const { stale = [], unrepresentable } = this.#parts.target.facts;
    for (const [field, copiedAt] of stale) this.stale.restore(field, copiedAt);
    for (const member of unrepresentable) this.unrepresentable.restore(member);
  }

  async #startCopier(): Promise<void> {
    const { source, target, figures } = this.#parts;
    const client = await this.#client("source");
    this.#copier = new KeyCopier({
      reader: new KeyReader(client, source.version),
      applier: this.applier,
      sink: target,
      stale: this.stale,
      unrepresentable: this.unrepresentable,
      target: abilitiesOf(source.version, target.facts.version),
      databases: target.facts.databases,
      figures,
      hold: (held) => {
        this.#held = held;
        this.#goOn();
      },
      onFailure: (error) => {
        this.fail(error instanceof Error ? error : new LinkError(String(error)));
      },
    });
  }

  async #client(side: "source" | "target"): Promise<PlainClient> {
    const { address, login } = this.#parts.ends[side];
    const client = await PlainClient.open(address, login, 30_000);
    this.#clients.push(client);
    if (this.#ended) client.close();
    return client;
  }

  async #copyAll(): Promise<void> {
    const { source, target, figures } = this.#parts;
    figures.fullCopies++;
    this.progress = { copied: 0, of: 0 };
    const clients = await Promise.all([this.#client("source"), this.#client("target")]);
    await copyEverything({
      source: clients[0],
      target: clients[1],
      applier: this.applier,
      stale: this.stale,
      unrepresentable: this.unrepresentable,
      databases: target.facts.databases,
      functions: atLeast(target.facts.version.version, "7.0") && atLeast(source.version.version, "7.0"),
      onProgress: (progress) => {
        this.progress = progress;
      },
      stopped: () => this.#ended,
    });
    for (const client of clients) client.close();
    await this.#isClear();
    // Each copy from here on is noted in its own transaction; one from before may still be refused.
    this.applier.ledger.noting = true;
    this.stale.noteAll();
    this.applier.note({});
    const last = this.#answered + target.inFlight;
    while (!this.#ended && this.#answered < last) await delay(1);
    await this.#isClear();
    if (this.#ended || this.#restarting) return;
    this.applier.note({ copying: false });
    this.progress = undefined;
  }

  async #isClear(): Promise<void> {
    while (!this.#ended && !this.applier.clear()) await delay(1);
  }

  async #tick(): Promise<void> {
    for (let i = 1; !this.#ended; i++) {
      await delay(TICK_MS);
      this.applier.flush((i * TICK_MS) % POSITION_MS === 0);
    }
  }

  #take(chunk: Buffer): void {
    if (this.#ended) return;
    this.#parser.push(chunk);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#ended) return;
    try {
      if (!this.#held) this.applier.pump();
    } catch (error) {
      this.fail(error instanceof Error ? error : new LinkError(String(error)));
      return;
    }
    if (this.#held || this.applier.blocked) this.#parts.link.pause();
    else this.#parts.link.resume();
    clearTimeout(this.#rest);
    if (this.#parts.target.inFlight > 0 || !this.applier.unsettled) return;
    this.#rest = setTimeout(() => {
      if (this.#parts.target.inFlight === 0) this.applier.flush(true);
    }, REST_MS);
  }

  #watch(target: TargetLink): void {
    target.onEnd = (batch, outcome) => {
      this.#answered++;
      if (outcome.refused !== undefined) {
        this.fail(new LinkError(`the target refused a transaction: ${outcome.refused}`));
        return;
      }
      this.#judge(batch, outcome);
      if (batch.end === undefined) return;
      this.#parts.figures.applied += batch.applied;
      this.#parts.figures.batches++;
      this.applier.confirmed = batch.end;
      this.#parts.onConfirmed(batch.end.offset);
    };
  }

  #judge(batch: Batch, outcome: BatchOutcome): void {
    this.applier.spoil(outcome.unmet);
    if (outcome.failures.length === 0) return;
    this.#parts.figures.failures += outcome.failures.length;
    if (batch.end === undefined) {
      this.#copier?.refused(batch, outcome);
      return;
    }
    if (batch.begun) {
      this.#restart("a command of a large transaction failed");
      return;
    }
    const { checks, kinds } = failedCommands(batch, outcome, this.#keys);
    this.applier.spoil(checks);
    for (const [kind, name] of kinds) this.unrepresentable.add(kind, -1, Buffer.from(name));
  }
}
