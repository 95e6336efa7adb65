import type { Check } from "./batch.ts";
import { keyName } from "./keyName.ts";

/** A key in its database. */
export interface Place {
  database: number;
  key: Buffer;
}

/** The last command that took data to a place ends at `offset`. */
interface Flow {
  offset: number;
  to: Place;
}

/** So many are kept before those are looked for that are not needed any more. */
const MANY = 1_024;

/**
 * Where commands that were sent took data to. That a key was lost on the target is known from an answer, and commands behind
 * it, sent before the answer came, may have taken what was left of it to another name or database.
 */
export class Flows {
  readonly #from = new Map<string, Map<string, Flow>>();
  #swaps: { offset: number; databases: readonly [number, number] }[] = [];
  #noted = 0;
  #tidyAt = MANY;

  /**
   * Data went from one place to another.
   * @param confirmed the answers to everything up to here were looked at
   */
  move(offset: number, from: Place, to: Place, confirmed: number): void {
    const [name, next] = [keyName(from.database, from.key), keyName(to.database, to.key)];
    const known = this.#from.get(name) ?? new Map<string, Flow>();
    this.#from.set(name, known);
    known.set(next, { offset, to: { database: to.database, key: Buffer.from(to.key) } });
    if (++this.#noted >= this.#tidyAt) this.#tidy(confirmed);
  }

  /** Two databases changed places. */
  swap(offset: number, a: number, b: number, confirmed: number): void {
    this.#swaps = this.#swaps.filter((swap) => swap.offset > confirmed);
    this.#swaps.push({ offset, databases: [a, b] });
  }

  /** The keys of checks that failed, and all places that something of them may have gone to. */
  reached(checks: Iterable<Check>, confirmed: number): Iterable<Place> {
    const places = new Map<string, Place>();
    for (const { database, keys } of checks) {
      for (const key of keys) places.set(keyName(database, key), { database, key });
    }
    // What is added meanwhile is visited as well.
    for (const [name, place] of places) {
      for (const next of this.#onward(name, place, confirmed))
        places.set(keyName(next.database, next.key), next);
    }
    return places.values();
  }

  *#onward(name: string, { database, key }: Place, confirmed: number): Generator<Place> {
    for (const { offset, to } of this.#from.get(name)?.values() ?? []) if (offset > confirmed) yield to;
    for (const { offset, databases } of this.#swaps) {
      const [a, b] = databases;
      if (offset <= confirmed || !databases.includes(database)) continue;
      yield { database: database === a ? b : a, key };
    }
  }

  #tidy(confirmed: number): void {
    this.#noted = 0;
    for (const [name, known] of this.#from) {
      for (const [next, { offset }] of known) if (offset <= confirmed) known.delete(next);
      if (known.size === 0) this.#from.delete(name);
      this.#noted += known.size;
    }
    this.#tidyAt = 2 * this.#noted + MANY;
  }
}
