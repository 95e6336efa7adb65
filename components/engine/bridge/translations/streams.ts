import type { Word } from "../encode.ts";
import type { Abilities } from "./abilities.ts";
import { at, option, type Translate } from "./rule.ts";

/** XGROUP: without what the target doesn't know. */
export function xgroup(target: Abilities): Translate {
  return (words, output) => {
    const action = option(words[1]);
    if (action === "CREATECONSUMER" && !target.since62) {
      // The consumer comes to be with the first entry that it owns.
      output.drop();
      return;
    }
    const extra = words.findIndex((word, i) => i > 4 && option(word) === "ENTRIESREAD");
    if (extra < 0 || target.since70) output.pass();
    else output.send(words.filter((_, i) => i !== extra && i !== extra + 1));
  };
}

/** XSETID with the counters of 7.0. */
export const xsetid: Translate = (words, output) => {
  output.send(words.slice(0, 3));
};

/** Of 7.0 and newer, an XCLAIM of an entry that was deleted removes it from the group; before, it stays there. */
export const xclaim: Translate = (words, output) => {
  const key = at(words, 1);
  output.pass();
  for (let i = 5; i < words.length && /^\d+-\d+$/.test(at(words, i).toString("latin1")); i++) {
    output.check(1, [key], ["XRANGE", key, at(words, i), at(words, i), "COUNT", 1]);
  }
};

interface Trim {
  /** Words that every target knows. */
  kept: Word[];
  minId: Buffer | undefined;
  /** What happens to groups' references to trimmed entries is not what older targets do. */
  touchesGroups: boolean;
  /** Where the options end. */
  end: number;
}

/** Options with the words behind each, for a target that doesn't know them all. */
function readOptions(words: Buffer[], from: number, target: Abilities): Trim {
  const trim: Trim = { kept: [], minId: undefined, touchesGroups: false, end: from };
  let i = from;
  for (; i < words.length; i++) {
    const name = option(words[i]);
    if (name === "NOMKSTREAM") keepIf(target.since62, words, i, 1, trim);
    else if (name === "KEEPREF") keepIf(target.since82, words, i, 1, trim);
    else if (name === "DELREF" || name === "ACKED") {
      trim.touchesGroups = true;
      trim.kept.push(name);
    } else if (name === "IDMPAUTO") keepIf(target.since86, words, i++, 2, trim);
    else if (name === "IDMP") {
      keepIf(target.since86, words, i, 3, trim);
      i += 2;
    } else if (name === "MAXLEN" || name === "MINID") {
      const strict = ["=", "~"].includes(at(words, i + 1).toString()) ? 1 : 0;
      if (name === "MINID") trim.minId = words[i + 1 + strict];
      keepIf(name === "MAXLEN" || target.since62, words, i, 2 + strict, trim);
      i += 1 + strict;
    } else if (name === "LIMIT") keepIf(target.since62, words, i++, 2, trim);
    else break;
  }
  trim.end = i;
  return trim;
}

function keepIf(known: boolean, words: Buffer[], from: number, count: number, trim: Trim): void {
  if (known) trim.kept.push(...words.slice(from, from + count));
}

/** Deletes what is older than an ID, for a target that can't trim by it. */
const TRIM_BEFORE = [
  "while true do local e=redis.call('XRANGE',KEYS[1],'-',ARGV[1],'COUNT',200) local ids={}",
  "for _,x in ipairs(e) do ids[#ids+1]=x[1] end",
  "if #ids>0 then redis.call('XDEL',KEYS[1],unpack(ids)) end if #ids<200 then return 1 end end",
].join(" ");

/** The ID just below this one; undefined where there is none. */
function idBelow(id: string): string | undefined {
  const [time = "0", sequence = "0"] = id.split("-");
  if (BigInt(sequence) > 0n) return `${time}-${BigInt(sequence) - 1n}`;
  return BigInt(time) > 0n ? `${BigInt(time) - 1n}-${2n ** 64n - 1n}` : undefined;
}

function trimBefore(key: Buffer, minId: Buffer | undefined, output: Parameters<Translate>[1]): void {
  const last = minId === undefined ? undefined : idBelow(minId.toString("latin1"));
  if (last !== undefined) output.send(["EVAL", TRIM_BEFORE, 1, key, last]);
}

/** XADD: without options that the target doesn't know. */
export function xadd(target: Abilities): Translate {
  return (words, output) => {
    const key = at(words, 1);
    const options = readOptions(words, 2, target);
    if (options.touchesGroups && !target.since82) output.copyAgain(key);
    else if (options.kept.length === options.end - 2) output.pass();
    else {
      output.send(["XADD", key, ...options.kept, ...words.slice(options.end)]);
      if (!target.since62) trimBefore(key, options.minId, output);
    }
  };
}

/** XTRIM: the same. */
export function xtrim(target: Abilities): Translate {
  return (words, output) => {
    const key = at(words, 1);
    const options = readOptions(words, 2, target);
    if (options.touchesGroups && !target.since82) output.copyAgain(key);
    else if (options.kept.length === words.length - 2) output.pass();
    else if (options.minId !== undefined && !target.since62) trimBefore(key, options.minId, output);
    else output.send(["XTRIM", key, ...options.kept]);
  };
}

/** XDELEX and XACKDEL for a target that doesn't know them. */
export function deleteEntries(acknowledged: boolean): Translate {
  return (words, output) => {
    const key = at(words, 1);
    const ids = words.findIndex((word, i) => i > 1 && option(word) === "IDS");
    const reference = words.slice(2, ids).map(option);
    if (reference.includes("DELREF") || reference.includes("ACKED")) {
      output.copyAgain(key);
      return;
    }
    const entries = words.slice(ids + 2);
    // Of the entries that it is emitted with, XACKDEL deletes those that its group waits for (measured with 8.6.3). Where
    // that isn't all of them, more is deleted here than there.
    if (acknowledged) output.check(entries.length, [key], ["XACK", key, at(words, 2), ...entries]);
    output.send(["XDEL", key, ...entries]);
  };
}
