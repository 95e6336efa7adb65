import type { Place } from "./flows.ts";
import { keyName } from "./keyName.ts";
import type { StaleKeys } from "./staleKeys.ts";
import type { Rule } from "./translations/rule.ts";

/**
 * Commands after which their key is there. By any other one, unless it replaces what it finds, a key may go without a
 * word of it: a list that is emptied by LPOP is told as LPOP.
 */
const LASTING: ReadonlySet<string> = new Set(
  (
    "append incr incrby incrbyfloat decr decrby setrange setbit bitfield setnx getset lpush rpush lpushx rpushx linsert lset " +
    "sadd hset hmset hsetnx hincrby hincrbyfloat zadd zincrby geoadd pfadd xadd xack xclaim xgroup xsetid persist pexpireat " +
    "touch pfcount"
  ).split(" "),
);
/** Beside its characters, what a name that is kept takes about. */
const NAME_BYTES = 64;
/** What names may take; those that are forgotten may be copied once more. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * While everything is copied: keys that are copied as of a known offset, because a command took something from them before
 * it was known that the target holds them as the source does. Each is copied for it once.
 */
export class CertainKeys {
  readonly #stale: Pick<StaleKeys, "packed">;
  readonly #names = new Set<string>();
  #bytes = 0;
  #scannedAt = Infinity;
  #missed = false;

  constructor(stale: Pick<StaleKeys, "packed">) {
    this.#stale = stale;
  }

  /** Some were not copied since the last `begin`, because too many wait for it. */
  get missed(): boolean {
    return this.#missed;
  }

  /** Both servers are about to be scanned. */
  begin(): void {
    [this.#scannedAt, this.#missed] = [Infinity, false];
  }

  /** Both were scanned. What is lacking on the source behind this offset was marked, or went by a command that is known. */
  scanned(offset: number): void {
    this.#scannedAt = offset;
  }

  /** Whether a command may be applied; where not, its keys have to be copied, which is what is remembered of them. */
  passes({ name, replaces }: Rule, places: readonly Place[], offset: number, mixes: boolean): boolean {
    if (offset > this.#scannedAt || (!mixes && (replaces || LASTING.has(name)))) return true;
    const names = places.map(({ database, key }) => keyName(database, key));
    if (names.every((each) => this.#names.has(each))) return true;
    // Where the stream is slow, the scans fill what they may all the time: these have room beyond, or none of them would end.
    if (this.#stale.packed) {
      this.#missed = true;
      return true;
    }
    for (const each of names) this.#keep(each);
    return false;
  }

  #keep(name: string): void {
    if (this.#bytes > MOST_BYTES) {
      this.#names.clear();
      this.#bytes = 0;
    }
    this.#names.add(name);
    this.#bytes += NAME_BYTES + name.length;
  }
}
