import { messageOf } from "../messageOf.ts";
import type { ApplierParts } from "./applierParts.ts";
import { Batch, MOST_CHECK_BYTES, type Check } from "./batch.ts";
import { isOwnCommand, mayBeOwn } from "./ownCommands.ts";
import { Ledger } from "./ledger.ts";
import { UNKNOWN_DATABASE, type Position, type StreamPlace } from "./position.ts";
import type { StreamParser } from "./streamParser.ts";
import type { Rule } from "./translations/rule.ts";
import { option } from "./translations/rule.ts";
import { drop } from "./translations/server.ts";
import { RawOutput } from "./rawOutput.ts";
import { Flows } from "./flows.ts";
import { RuleOutput } from "./ruleOutput.ts";
import { applyToDatabases, isWholeDatabases } from "./wholeDatabases.ts";

/** Commands in a batch, and its bytes, at which it is sent; a transaction of the source's is never split. */
const BATCH_COMMANDS = 512;
const BATCH_BYTES = 128 * 1024;
/** A transaction of the source's is not kept longer than this, but sent as it comes. */
const BEGIN_BYTES = 2 * 1024 * 1024;
/** So many batches go before a partly filled one waits for company. */
const EAGER = 2;

/** Turns the commands that the parser gives into batches. One at a time: call `pump` when there is more to do. */
export class StreamApplier {
  readonly parts: ApplierParts;
  /** Where the stream was read to. */
  place: StreamPlace;
  /** Up to here commands took effect and their answers were looked at. */
  confirmed: StreamPlace;
  readonly ledger: Ledger;
  batch: Batch | undefined;
  readonly flows = new Flows();
  #inTransaction = false;
  /** Bytes of the open batch that were sent in advance. */
  #begun = 0;
  #asking = false;
  /** Nothing is read any more: everything is copied again. */
  #givenUp = false;
  /** What passes as it came and is not in the batch yet. */
  #runFrom = -1;
  #runCommands = 0;
  /** Rewritten commands that are not in the batch yet. */
  readonly #raw = new RawOutput();
  #rewritten = 0;
  readonly output: RuleOutput;

  constructor(parts: ApplierParts) {
    this.parts = parts;
    this.ledger = new Ledger(parts);
    this.place = { ...parts.position.confirmed };
    this.confirmed = { ...parts.position.confirmed };
    this.output = new RuleOutput(this);
    parts.stale.onTooMany = () => {
      this.#giveUp("more keys have to be copied, or are ahead of the stream, than the bridge can hold");
    };
  }

  get position(): Position {
    return this.ledger.position;
  }

  /** The commands up to here took effect before this bridge came. */
  get doubtfulTo(): number {
    return this.parts.position.applied.offset;
  }

  /** Nothing can be read for now. */
  get blocked(): boolean {
    return this.#waits || this.parts.sink.full;
  }

  /** No command can be read, and what was read can't be ended with a position. */
  get #waits(): boolean {
    return this.#asking || this.#givenUp;
  }

  /** Sends what is there; false where that can't be now, because a transaction is half read or there is no room. */
  clear(): boolean {
    this.flush();
    return this.batch === undefined && !this.#waits && !this.#inTransaction;
  }

  /** Reads on as far as there is something to read and room to send it. */
  pump(): void {
    const { parser, rules, sink } = this.parts;
    while (!this.#waits && !sink.full && parser.next()) {
      const rule = rules.find(parser.data, parser.words[0] ?? 0, parser.words[1] ?? 0);
      const own = mayBeOwn(parser);
      if (rule !== undefined && parser.count <= rule.plainUpTo && !this.#attentive && !own) {
        if (this.#runFrom < 0) this.#runFrom = parser.start;
        this.#runCommands++;
        this.place.offset += parser.end - parser.start;
        if (this.#runCommands < BATCH_COMMANDS && parser.end - this.#runFrom < BATCH_BYTES) continue;
        this.endRun(parser.end);
      } else {
        this.endRun(parser.start);
        if (rule?.rewrite === undefined || this.#attentive || own || !this.#rewrite(rule.rewrite)) {
          this.#endRewritten();
          this.#look(rule);
        } else if (this.#raw.commands < BATCH_COMMANDS && this.#raw.length < BATCH_BYTES) {
          continue;
        }
        this.#endRewritten();
      }
      this.#sealIfLarge();
    }
    this.endRun(parser.end);
    this.#endRewritten();
    this.#sealIfLarge();
    if (sink.inFlight < EAGER) this.flush();
  }

  /** The target's key could tell, and doesn't yet, that everything up to here took effect and was looked at. */
  get unsettled(): boolean {
    const { stale, unrepresentable } = this.parts;
    if (this.#inTransaction || this.#waits) return false;
    const { applied, confirmed } = this.position;
    const behind = applied.offset < this.place.offset || confirmed.offset !== this.place.offset;
    return behind || stale.hasNotes || unrepresentable.hasNotes;
  }

  /** Sends what is there; with `now`, a position that moved without any command, or was confirmed, as well. */
  flush(now = false): void {
    const { stale, unrepresentable, sink } = this.parts;
    if (this.#inTransaction || this.#waits || sink.full) return;
    stale.passed(this.place.offset);
    const notes = stale.hasNotes || unrepresentable.hasNotes;
    const moved = now && this.unsettled;
    if (this.batch === undefined && !notes && !moved) return;
    // Nothing is on its way that could still fail.
    if (this.batch === undefined && sink.inFlight === 0) this.confirmed = { ...this.place };
    this.#seal();
  }

  /** Begins a batch where there is none. */
  open(): Batch {
    if (this.batch !== undefined) return this.batch;
    const batch = new Batch();
    this.selectIn(batch);
    return (this.batch = batch);
  }

  /** Has a batch go on in the database that the stream is in, where the target has it. */
  selectIn(batch: Batch): void {
    const { database } = this.place;
    if (database !== UNKNOWN_DATABASE && database < this.parts.databases) batch.add(["SELECT", database]);
  }

  /** Moves what passed as it came into the batch, up to `to`. */
  endRun(to: number): void {
    if (this.#runFrom < 0) return;
    this.#endRewritten();
    const batch = this.open();
    batch.raw(this.parts.parser.data.subarray(this.#runFrom, to), this.#runCommands);
    batch.applied += this.#runCommands;
    this.#runFrom = -1;
    this.#runCommands = 0;
  }

  /** Tries a rewrite of bytes. */
  #rewrite(rewrite: (parser: StreamParser, output: RawOutput) => boolean): boolean {
    const { parser, figures } = this.parts;
    const length = parser.end - parser.start;
    // A rewrite may repeat words and adds a name.
    if (!this.#raw.room(2 * length + 64)) {
      this.#endRewritten();
      this.#raw.room(2 * length + 64);
    }
    if (!rewrite(parser, this.#raw)) return false;
    this.place.offset += length;
    this.#rewritten++;
    figures.translated++;
    return true;
  }

  /** Moves rewritten commands into the batch. */
  #endRewritten(): void {
    const { commands } = this.#raw;
    if (commands === 0) return;
    const batch = this.open();
    batch.raw(this.#raw.take(), commands);
    batch.applied += this.#rewritten;
    this.#rewritten = 0;
  }

  /** Each command has to be looked at for its keys. */
  get #attentive(): boolean {
    const { stale, unrepresentable, databases } = this.parts;
    return (
      this.position.copying ||
      stale.size > 0 ||
      unrepresentable.size > 0 ||
      this.place.offset < this.doubtfulTo ||
      this.place.database >= databases ||
      this.place.database === UNKNOWN_DATABASE
    );
  }

  /** Deals with one command that doesn't simply pass. */
  #look(rule: Rule | undefined): void {
    const { parser } = this.parts;
    this.place.offset += parser.end - parser.start;
    const words = parser.all();
    const name = rule?.name ?? option(words[0]).toLowerCase();
    if (mayBeOwn(parser) && isOwnCommand(this.parts.keysOf(name, words))) this.parts.figures.dropped++;
    else if (name === "multi") this.#inTransaction = true;
    else if (name === "exec") this.#inTransaction = false;
    else if (name === "replconf") this.parts.onAskedForOffset();
    else if (name === "select") this.#select(Number(words[1]));
    else if (this.place.database === UNKNOWN_DATABASE && rule?.translate !== drop)
      // It may have gone on in the database that it was in before this began.
      this.#giveUp("the stream goes on in a database that isn't known");
    else if (isWholeDatabases(name))
      applyToDatabases(this, name, words, () => rule?.translate(words, this.output.of(rule, words)));
    else if (this.place.database >= this.parts.databases) this.output.beyond(rule, words, name);
    else this.#keyed(name, words, rule);
  }

  #select(database: number): void {
    this.place.database = database;
    if (this.place.offset <= this.doubtfulTo || database >= this.parts.databases) return;
    if (this.batch !== undefined) this.batch.add(["SELECT", database]);
  }

  /** Reads no further: everything has to be copied. */
  #giveUp(reason: string): void {
    if (this.#givenUp) return;
    this.#givenUp = true;
    this.parts.onRestart(reason);
  }

  #keyed(name: string, words: Buffer[], rule: Rule | undefined): void {
    const attentive = this.#attentive || this.place.offset <= this.doubtfulTo;
    if (!attentive && rule !== undefined) {
      rule.translate(words, this.output.of(rule, words));
      return;
    }
    const keys = this.parts.keysOf(name, words);
    if (keys !== undefined) {
      this.output.withKeys(name, rule, words, keys);
      return;
    }
    this.#asking = true;
    const copies = words.map((word) => Buffer.from(word));
    this.parts
      .askKeys(copies)
      .then((found) => {
        this.output.withKeys(name, rule, copies, found);
        this.#asking = false;
        this.parts.onAnswered();
      })
      .catch((error: unknown) => {
        this.parts.onRestart(messageOf(error));
      });
  }

  #sealIfLarge(): void {
    const { batch } = this;
    if (batch === undefined || this.#waits) return;
    if (this.#inTransaction) {
      if (batch.checkBytes > MOST_CHECK_BYTES) {
        this.#giveUp("a transaction has more that must be looked at than the bridge can hold");
        return;
      }
      if (batch.bytes - this.#begun >= BEGIN_BYTES) {
        this.#begun = batch.bytes;
        this.parts.sink.begin(batch);
      }
      return;
    }
    if (batch.commands >= BATCH_COMMANDS || batch.bytes >= BATCH_BYTES) this.#seal();
  }

  /** Ends the batch with the position and sends it. */
  #seal(): void {
    const batch = this.open();
    this.batch = undefined;
    this.#begun = 0;
    this.parts.stale.passed(this.place.offset);
    this.ledger.send(batch, { ...this.place }, this.confirmed);
  }

  /** Sends the position, whether it moved or not. */
  note(change: Partial<Position>): void {
    this.ledger.position = { ...this.position, ...change };
    this.#seal();
  }

  /** Marks keys whose state on the target is not known. */
  spoil(checks: Iterable<Check>): void {
    for (const { database, key } of this.flows.reached(checks, this.confirmed.offset)) {
      this.parts.stale.add(database, key, this.place.offset);
    }
  }
}
