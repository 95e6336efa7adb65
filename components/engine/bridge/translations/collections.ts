import type { Abilities } from "./abilities.ts";
import { at, option, type Translate } from "./rule.ts";

/** What a target that can't expire fields of hashes is told to have lost. */
export const FIELD_EXPIRY = "hash-field-expiry";

/** LPOP with a count, for a target that pops one at a time. */
export const lpopCount: Translate = (words, output) => {
  output.send(["LTRIM", at(words, 1), at(words, 2), "-1"]);
};

/** RPOP with a count, for a target that pops one at a time. */
export const rpopCount: Translate = (words, output) => {
  output.send(["LTRIM", at(words, 1), 0, -1 - Number(at(words, 2))]);
};

/** Pushes before it pops: a list that is moved onto itself, and is of one element, would be gone in between, its expiry too. */
const MOVE_ELEMENT = [
  "local v=redis.call('LINDEX',KEYS[1],ARGV[1]=='LPOP' and 0 or -1) if not v then return 0 end",
  "redis.call(ARGV[2],KEYS[2],v) redis.call(ARGV[1],KEYS[1]) return 1",
].join(" ");

/** LMOVE for a target that has only RPOPLPUSH. */
export const lmove: Translate = (words, output) => {
  const [from, to] = [at(words, 1), at(words, 2)];
  const pop = option(words[3]) === "LEFT" ? "LPOP" : "RPOP";
  const push = option(words[4]) === "LEFT" ? "LPUSH" : "RPUSH";
  // Where the list is gone on the target, it answers that nothing was moved.
  if (pop === "RPOP" && push === "LPUSH") output.check(1, [from, to], ["RPOPLPUSH", from, to]);
  else output.check(1, [from, to], ["EVAL", MOVE_ELEMENT, 2, from, to, pop, push]);
};

/** Compares in the script, which understands scores as the server does; the score itself passes as text. */
const ADD_WHERE_GREATER = [
  "for i=3,#ARGV,2 do local s=redis.call('ZSCORE',KEYS[1],ARGV[i+1]) local n=tonumber(ARGV[i])",
  "if n==nil then n=ARGV[i]:sub(1,1)=='-' and -math.huge or math.huge end",
  "if s then local o=tonumber(s) if o==nil then o=s:sub(1,1)=='-' and -math.huge or math.huge end",
  "if (ARGV[1]=='GT' and n>o) or (ARGV[1]=='LT' and n<o) then redis.call('ZADD',KEYS[1],ARGV[i],ARGV[i+1]) end",
  "elseif ARGV[2]~='XX' then redis.call('ZADD',KEYS[1],ARGV[i],ARGV[i+1]) end end",
].join(" ");

/** ZADD with GT or LT, for a target that doesn't know them. */
export const zadd: Translate = (words, output) => {
  const options = new Set<string>();
  let from = 2;
  for (; /^(NX|XX|GT|LT|CH|INCR)$/.test(option(words[from])); from++) options.add(option(words[from]));
  const order = options.has("GT") ? "GT" : options.has("LT") ? "LT" : undefined;
  const key = at(words, 1);
  if (order === undefined) output.pass();
  else if (options.has("INCR")) output.copyAgain(key);
  else {
    output.send([
      "EVAL",
      ADD_WHERE_GREATER,
      1,
      key,
      order,
      options.has("XX") ? "XX" : "",
      ...words.slice(from),
    ]);
  }
};

/**
 * GEORADIUS and GEORADIUSBYMEMBER with STORE: where their source is not there, servers from 7.0 on delete the destination,
 * and those before leave it (measured with 6.0.16, 7.0.15 and 8.6.3).
 */
export const georadius: Translate = (words, output) => {
  const store = words.findLastIndex((word, i) => i > 3 && /^STORE(DIST)?$/.test(option(word)));
  const destination = words[store + 1];
  if (store > 0 && destination !== undefined) output.copyAgain(destination);
  else output.pass();
};

/** GEOSEARCHSTORE: the same. */
export const geosearchstore: Translate = (words, output) => {
  output.copyAgain(at(words, 1));
};

interface FieldCommand {
  key: Buffer;
  options: string[];
  /** The moment behind PXAT, milliseconds since 1970. */
  expiry: Buffer | undefined;
  /** What is behind `FIELDS <count>`. */
  rest: Buffer[];
}

function readFieldCommand(words: Buffer[]): FieldCommand {
  const fields = words.findIndex((word, i) => i > 1 && option(word) === "FIELDS");
  const options = words.slice(2, fields).map(option);
  const moment = options.indexOf("PXAT");
  return {
    key: at(words, 1),
    options,
    expiry: moment < 0 ? undefined : words[2 + moment + 1],
    rest: words.slice(fields + 2),
  };
}

/** HSETEX for a target that doesn't know it. */
export function hsetex(target: Abilities): Translate {
  return (words, output) => {
    const { key, options, expiry, rest } = readFieldCommand(words);
    if (target.fieldExpiry && options.includes("KEEPTTL")) {
      output.copyAgain(key);
      return;
    }
    output.send(["HSET", key, ...rest]);
    if (expiry === undefined) return;
    const names = rest.filter((_, i) => i % 2 === 0);
    if (target.fieldExpiry) output.send(["HPEXPIREAT", key, expiry, "FIELDS", names.length, ...names]);
    else output.unrepresentable(FIELD_EXPIRY, key);
  };
}

/**
 * HSETEX for a target that knows it. With FNX or FXX it is emitted only where the condition held, and answers 0 where it
 * doesn't hold on the target, which may have expired the field earlier.
 */
export const hsetexChecked: Translate = (words, output) => {
  const { options } = readFieldCommand(words);
  if (options.includes("FNX") || options.includes("FXX")) output.passChecked(1);
  else output.pass();
};

/** HGETDEL for a target that doesn't know it. */
export const hgetdel: Translate = (words, output) => {
  const { key, rest } = readFieldCommand(words);
  output.send(["HDEL", key, ...rest]);
};

/** HPEXPIREAT for a target whose fields can't expire. The source says when a field is gone. */
export const hpexpireat: Translate = (words, output) => {
  output.unrepresentable(FIELD_EXPIRY, at(words, 1));
};

/**
 * HPEXPIREAT for a target whose fields expire, by its own clock and maybe before the stream says that they live on, as with
 * `pexpireat`: a field that is gone there (-2), or that HINCRBY has made anew since (-1: it has no expiry), makes the hash
 * copied again. The conditions stay: Valkey emits fields with it that don't fulfil them (measured with 9.1.2).
 */
export const hpexpireatChecked: Translate = (words, output) => {
  const { key, rest } = readFieldCommand(words);
  output.checkEach(0, key, ["HPTTL", key, "FIELDS", rest.length, ...rest]);
  output.checkEach(0, key, words);
};

/** HPERSIST for such a target: -2 or -1 where the field was expired there. */
export const hpersistChecked: Translate = (words, output) => {
  output.checkEach(1, at(words, 1), words);
};
