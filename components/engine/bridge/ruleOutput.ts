import { CertainKeys } from "./certainKeys.ts";
import type { Word } from "./encode.ts";
import type { Place } from "./flows.ts";
import type { StaleKey } from "./staleKeys.ts";
import type { StreamApplier } from "./streamApplier.ts";
import type { Output, Rule } from "./translations/rule.ts";

/** What is counted of commands in databases that the target doesn't have. */
const NO_SUCH_DATABASE = "database";
/** Libraries of functions are in no database. */
const NO_DATABASE = -1;

/** Commands by which data flows from one key to another, or between databases: no key of theirs can be left out. */
const WITHOUT_FLOW: ReadonlySet<string> = new Set(["del", "unlink", "mset", "touch", "pfcount"]);

/** Where rules put what becomes of the applier's current command. */
export class RuleOutput implements Output {
  readonly #applier: StreamApplier;
  #name = "";
  #words: Buffer[] = [];
  #counted = false;
  /** While everything is copied. */
  readonly certain: CertainKeys;

  constructor(applier: StreamApplier) {
    this.#applier = applier;
    this.certain = new CertainKeys(applier.parts.stale);
  }

  /** Takes the next command. */
  of({ name }: Rule, words: Buffer[]): this {
    this.#name = name;
    this.#words = words;
    this.#counted = false;
    return this;
  }

  pass(): void {
    const batch = this.#applier.open();
    batch.add(this.#words);
    batch.applied++;
  }

  send(words: readonly Word[]): void {
    this.#count();
    this.#applier.open().add(words);
  }

  passChecked(atLeast: number): void {
    const { parts } = this.#applier;
    const places = this.#places(this.#name, this.#words, parts.keysOf(this.#name, this.#words) ?? []);
    if (places.some(({ database }) => database >= parts.databases)) {
      this.#spoil(places);
      return;
    }
    const batch = this.#applier.open();
    const checks = places.map(({ database, key }) => ({ atLeast, database, keys: [Buffer.from(key)] }));
    batch.add(this.#words, ...checks);
    batch.applied++;
    this.#flow(places);
  }

  check(atLeast: number, keys: readonly Buffer[], words: readonly Word[]): void {
    this.#count();
    const { database } = this.#applier.place;
    this.#applier.open().add(words, { atLeast, database, keys: keys.map((key) => Buffer.from(key)) });
    this.#flow(keys.map((key) => ({ database, key })));
  }

  checkEach(eachAtLeast: number, key: Buffer, words: readonly Word[]): void {
    this.#count();
    const { database } = this.#applier.place;
    this.#applier.open().add(words, { atLeast: 1, eachAtLeast, database, keys: [Buffer.from(key)] });
  }

  drop(): void {
    this.#applier.parts.figures.dropped++;
  }

  copyAgain(...keys: Buffer[]): void {
    const { parts, place } = this.#applier;
    for (const key of keys) parts.stale.add(place.database, key, place.offset);
  }

  unrepresentable(kind: string, key: Buffer): void {
    const { parts, place } = this.#applier;
    parts.unrepresentable.add(kind, kind === "function" ? NO_DATABASE : place.database, key);
  }

  represented(kind: string, key?: Buffer): void {
    const { unrepresentable } = this.#applier.parts;
    if (key === undefined) unrepresentable.removeKind(kind);
    else unrepresentable.remove(NO_DATABASE, key);
  }

  /** A command in a database that the target doesn't have. */
  beyond(rule: Rule | undefined, words: Buffer[], name: string): void {
    const keys = this.#applier.parts.keysOf(name, words) ?? [];
    // COPY and MOVE may reach into one that it has.
    this.#spoil(this.#places(name, words, keys));
    if (keys.length === 0 && rule !== undefined) this.drop();
  }

  /** A command whose keys are known, while keys are copied, or one that no rule is for. */
  withKeys(name: string, rule: Rule | undefined, words: Buffer[], keys: Buffer[]): void {
    const { parts, place, doubtfulTo } = this.#applier;
    if (place.offset <= doubtfulTo) {
      if (rule?.sure !== true || words.length > rule.plainUpTo) this.#spoil(this.#places(name, words, keys));
      return;
    }
    const places = this.#places(name, words, keys);
    const mixes = places.length > 1 && !WITHOUT_FLOW.has(name);
    // What the target can't hold of a key may go on to another one, which is then named by what it holds.
    const carries = mixes && places.some(({ database, key }) => parts.unrepresentable.has(database, key));
    if (rule === undefined || carries) {
      this.#spoil(places);
      return;
    }
    const entries = places.map(({ database, key }) => parts.stale.find(database, key));
    const held = entries.some((entry) => isHeld(entry, place.offset));
    if (rule.replaces && !mixes) this.#replace(rule, words, places, entries);
    else if (held) this.#hold(places, entries);
    else if (this.#isUncertain(rule, places, mixes)) this.#spoil(places);
    else rule.translate(words, this.of(rule, words));
  }

  /** Whether the target may hold something else than what the command found on the source. */
  #isUncertain(rule: Rule, places: Place[], mixes: boolean): boolean {
    const { position, place } = this.#applier;
    return position.copying && !this.certain.passes(rule, places, place.offset, mixes);
  }

  /** A command of which at least one key is not the stream's for now. */
  #hold(places: Place[], entries: (StaleKey | undefined)[]): void {
    const { place } = this.#applier;
    for (const entry of entries) if (entry !== undefined) entry.touchedAt = place.offset;
    // What is copied ahead of the stream has this command in it already.
    if (entries.every((entry) => isHeld(entry, place.offset))) return;
    // Copied together, they are of one moment, and the stream catches up with all of them at once.
    this.#spoil(places, true);
  }

  /** A command that replaces each of its keys by itself, done for those that are the stream's. */
  #replace(rule: Rule, words: Buffer[], places: Place[], entries: (StaleKey | undefined)[]): void {
    const { parts, place } = this.#applier;
    const held = entries.map((entry) => isHeld(entry, place.offset));
    for (const [i, { database, key }] of places.entries()) {
      const entry = entries[i];
      if (held[i] && entry !== undefined) entry.touchedAt = place.offset;
      // What is held is named as it was copied, which may be as of a later place than this one.
      else parts.unrepresentable.remove(database, key);
    }
    // A key alone, or each with its value.
    const each = (words.length - 1) / places.length;
    const rest = words.filter((_, i) => i === 0 || !held[Math.floor((i - 1) / each)]);
    if (held.includes(false)) rule.translate(rest, this.of(rule, rest));
  }

  /** The keys are copied, and named by what they hold then. @param again also those that were, ahead of the stream */
  #spoil(places: Place[], again = false): void {
    const { stale, unrepresentable, databases } = this.#applier.parts;
    for (const { database, key } of places) {
      if (database >= databases) unrepresentable.add(NO_SUCH_DATABASE, database, key);
      else if (again) stale.addAgain(database, key, this.#applier.place.offset);
      else stale.add(database, key, this.#applier.place.offset);
    }
  }

  /** The keys with their databases: MOVE and COPY reach into another one. */
  #places(name: string, words: Buffer[], keys: Buffer[]): Place[] {
    const { database } = this.#applier.place;
    const places = keys.map((key) => ({ database, key }));
    const [first] = keys;
    if (name === "move" && first !== undefined) places.push({ database: Number(words[2]), key: first });
    if (name === "copy") {
      const db = words.findIndex((word, i) => i > 2 && word.toString("latin1").toUpperCase() === "DB");
      const target = places[1];
      if (db > 0 && target !== undefined) target.database = Number(words[db + 1]);
    }
    return places;
  }

  /** A command took data from the first place to the second. */
  #flow([from, to]: readonly Place[]): void {
    const { place, confirmed, flows } = this.#applier;
    if (from !== undefined && to !== undefined) flows.move(place.offset, from, to, confirmed.offset);
  }

  #count(): void {
    if (this.#counted) return;
    this.#counted = true;
    this.#applier.parts.figures.translated++;
    this.#applier.open().applied++;
  }
}

/** Whether the stream's commands don't concern the target's key for now. */
function isHeld(entry: StaleKey | undefined, offset: number): boolean {
  return entry !== undefined && (entry.copiedAt === 0 || entry.copiedAt >= offset);
}
