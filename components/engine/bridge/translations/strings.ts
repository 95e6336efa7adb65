import type { Word } from "../encode.ts";
import type { Abilities } from "./abilities.ts";
import { at, option, type Translate } from "./rule.ts";

/** Options of SET that are conditions, with the words that each has behind it; it is emitted only where they held. */
const CONDITIONS: ReadonlyMap<string, number> = new Map([
  ["NX", 0],
  ["XX", 0],
  ["GET", 0],
  ["IFEQ", 1],
  ["IFNE", 1],
  ["IFDEQ", 1],
  ["IFDNE", 1],
]);

/** SET with options: without its conditions, and with the expiry apart where the target doesn't know PXAT. */
export function set(target: Abilities): Translate {
  return (words, output) => {
    const [, key, value] = [at(words, 0), at(words, 1), at(words, 2)];
    const kept: Word[] = [];
    let expiry: Buffer | undefined;
    for (let i = 3; i < words.length; i++) {
      const name = option(words[i]);
      const extra = CONDITIONS.get(name);
      if (extra !== undefined) i += extra;
      else if (name === "PXAT" && !target.since62) expiry = words[++i];
      else if (name === "PX" || name === "EX" || name === "PXAT" || name === "EXAT")
        kept.push(name, at(words, ++i));
      else kept.push(at(words, i));
    }
    output.send(["SET", key, value, ...kept]);
    if (expiry !== undefined) output.check(1, [key], ["PEXPIREAT", key, expiry]);
  };
}

/**
 * PEXPIREAT. The target expires keys by its own clock, and maybe before the stream says that the key lives on. Where it
 * did, a command in between has made the key anew without an expiry, or there is none: then the key is copied again.
 */
export const pexpireat: Translate = (words, output) => {
  const key = at(words, 1);
  output.check(0, [key], ["PTTL", key]);
  // NX, XX, GT and LT are emitted only where they held.
  output.check(1, [key], ["PEXPIREAT", key, at(words, 2)]);
};

/** PERSIST answers 0 where the target expired the key earlier than the source. */
export const persist: Translate = (words, output) => {
  output.check(1, [at(words, 1)], ["PERSIST", at(words, 1)]);
};

/** MSETEX: a SET for each pair. */
export const msetex: Translate = (words, output) => {
  const pairs = Number(at(words, 1));
  const options = words.slice(2 + 2 * pairs);
  const expiry: Word[] = [];
  for (let i = 0; i < options.length; i++) {
    const name = option(options[i]);
    if (name === "KEEPTTL") expiry.push(name);
    else if (name !== "NX" && name !== "XX") expiry.push(name, at(options, ++i));
  }
  const at6 = expiry[0] === "PXAT";
  for (let i = 0; i < pairs; i++) {
    const [key, value] = [at(words, 2 + 2 * i), at(words, 3 + 2 * i)];
    output.send(["SET", key, value, ...(at6 ? [] : expiry)]);
    if (at6) output.check(1, [key], ["PEXPIREAT", key, expiry[1] ?? "0"]);
  }
};

/** DELEX and DELIFEQ: what is emitted is that the key went. */
export const deleteKey: Translate = (words, output) => {
  output.send(["DEL", at(words, 1)]);
};

const OLD_BIT_OPERATIONS: readonly string[] = ["AND", "OR", "XOR", "NOT"];

/** BITOP with an operation that the target doesn't know. */
export function bitop(target: Abilities): Translate {
  return (words, output) => {
    if (target.since82 || OLD_BIT_OPERATIONS.includes(option(words[1]))) output.pass();
    else output.copyAgain(at(words, 2));
  };
}

/** RESTORE of a payload that the target can't read. */
export function restore(target: Abilities): Translate {
  return (words, output) => {
    if (target.payloads) output.pass();
    else output.copyAgain(at(words, 1));
  };
}

/**
 * SORT with STORE. What its patterns lead to are keys that the command doesn't name: one of them may be copied again, or
 * have been expired by the target earlier, so that the target would sort, or get, something else.
 */
export const sort: Translate = (words, output) => {
  let destination: Buffer | undefined;
  let looksElsewhere = false;
  for (let i = 2; i < words.length; i++) {
    const name = option(words[i]);
    const value = at(words, i + 1).toString("latin1");
    if (name === "STORE") destination = words[i + 1];
    else if (name === "BY") looksElsewhere ||= value.includes("*");
    else if (name === "GET") looksElsewhere ||= value !== "#";
    else if (name === "LIMIT") i++;
    else continue;
    i++;
  }
  if (destination !== undefined && looksElsewhere) output.copyAgain(destination);
  else output.pass();
};
