import type { ServerVersion } from "../../serverVersion.ts";
import type { KnownCommand } from "../keySpecs.ts";
import { abilitiesOf, type Abilities } from "./abilities.ts";
import {
  georadius,
  geosearchstore,
  hgetdel,
  hpersistChecked,
  hpexpireat,
  hpexpireatChecked,
  hsetex,
  hsetexChecked,
  lmove,
  lpopCount,
  rpopCount,
  zadd,
} from "./collections.ts";
import type { Rule, Translate } from "./rule.ts";
import { drop, flush, functions } from "./server.ts";
import { setWithExpiry } from "./setWithExpiry.ts";
import { deleteEntries, xadd, xclaim, xgroup, xsetid, xtrim } from "./streams.ts";
import { bitop, deleteKey, msetex, persist, pexpireat, restore, set, sort } from "./strings.ts";

/** What each server says of itself and its commands. */
export interface Dialects {
  source: ServerVersion;
  target: ServerVersion;
  sourceCommands: ReadonlyMap<string, KnownCommand>;
  targetCommands: ReadonlyMap<string, KnownCommand>;
}

/** Commands that can't fail on a target that holds the same data, in the forms that pass as they came. */
const SURE: ReadonlySet<string> = new Set(
  (
    "set setex psetex mset append incr decr incrby decrby setrange setbit del unlink lpush rpush lpop rpop ltrim lrem " +
    "sadd srem hset hmset hdel hincrby zadd zrem zincrby zremrangebyscore zremrangebyrank zremrangebylex pfadd xdel xack " +
    "ping publish spublish replconf"
  ).split(" "),
);

/** Commands after which nothing is left of what their keys held. */
const REPLACING: ReadonlySet<string> = new Set(["set", "setex", "psetex", "mset", "del", "unlink", "getdel"]);

const PASS: Translate = (_words, output) => {
  output.pass();
};

/**
 * Commands that pass as they came and answer 1, OK or an element where they did something: only there they are emitted.
 * Their source may have been expired by the target, or be what it can't hold.
 */
const MOVING = ["copy", "move", "rename", "renamenx", "smove", "rpoplpush", "lmove"];

const PASS_CHECKED: Translate = (_words, output) => {
  output.passChecked(1);
};

/** How each command of the source's stream is dealt with, by lower-case name; what is absent, its keys are copied again. */
export function translationTable(dialects: Dialects): Map<string, Rule> {
  const abilities = abilitiesOf(dialects.source, dialects.target);
  const special = specialRules(abilities, (name) => dialects.targetCommands.has(name));
  const rules = new Map<string, Rule>();
  for (const name of new Set([...dialects.sourceCommands.keys(), ...special.keys()])) {
    const [plainUpTo, translate] = special.get(name) ?? generalRule(name, dialects);
    if (translate === undefined) continue;
    const rule = { name, plainUpTo, translate, sure: SURE.has(name), replaces: REPLACING.has(name) };
    rules.set(name, name === "set" && !abilities.since62 ? { ...rule, rewrite: setWithExpiry } : rule);
  }
  return rules;
}

type Entry = readonly [plainUpTo: number, translate: Translate | undefined];

/** A command that both know passes, unless its arity has grown. */
function generalRule(name: string, { sourceCommands, targetCommands }: Dialects): Entry {
  const known = targetCommands.get(name);
  if (known === undefined) return [0, undefined];
  const arity = sourceCommands.get(name)?.arity ?? known.arity;
  if (arity === known.arity || known.arity < 0) return [Infinity, PASS];
  return [
    known.arity,
    (words, output) => {
      output.copyAgain(...words.slice(1, 2));
    },
  ];
}

/** Commands with forms that some target doesn't know: how many words a form has that each one knows, and what else. */
function specialRules(target: Abilities, knows: (name: string) => boolean): Map<string, Entry> {
  const rules: [string, Entry | undefined][] = [
    ["set", [3, set(target)]],
    ["pexpireat", [0, pexpireat]],
    ["persist", [0, persist]],
    ["bitop", target.since82 ? undefined : [0, bitop(target)]],
    ["restore", target.payloads ? undefined : [0, restore(target)]],
    ["lpop", target.since62 ? undefined : [2, lpopCount]],
    ["rpop", target.since62 ? undefined : [2, rpopCount]],
    ["zadd", target.since62 ? undefined : [4, zadd]],
    ["xgroup", target.since70 ? undefined : [0, xgroup(target)]],
    ["xsetid", target.since70 ? undefined : [3, xsetid]],
    ["xclaim", target.since70 ? undefined : [0, xclaim]],
    ["xadd", target.since86 ? undefined : [0, xadd(target)]],
    ["xtrim", target.since82 ? undefined : [0, xtrim(target)]],
    ["sort", [0, sort]],
    ["georadius", target.since70 ? undefined : [0, georadius]],
    ["georadiusbymember", target.since70 ? undefined : [0, georadius]],
    ["geosearchstore", target.since70 ? undefined : [0, geosearchstore]],
    ["flushdb", [0, flush(target)]],
    ["flushall", [0, flush(target)]],
    ["function", [0, functions(target)]],
    ["hsetex", [0, target.hsetex ? hsetexChecked : hsetex(target)]],
    ["hgetdel", target.hgetdel ? undefined : [0, hgetdel]],
    ["hpexpireat", [0, target.fieldExpiry ? hpexpireatChecked : hpexpireat]],
    ["hpersist", [0, target.fieldExpiry ? hpersistChecked : drop]],
    ...MOVING.filter(knows).map((name): [string, Entry] => [name, [0, PASS_CHECKED]]),
    ...["ping", "publish", "spublish", "replconf", "script"].map((name): [string, Entry] => [
      name,
      [0, drop],
    ]),
    // Read by the applier itself.
    ...["multi", "exec", "select", "swapdb"].map((name): [string, Entry] => [name, [0, PASS]]),
    ...whereUnknown(knows),
  ];
  return new Map(rules.filter((rule): rule is [string, Entry] => rule[1] !== undefined));
}

/** What stands for a command that the target doesn't have at all. */
function whereUnknown(knows: (name: string) => boolean): [string, Entry | undefined][] {
  const rules: [string, Translate][] = [
    ["lmove", lmove],
    ["delex", deleteKey],
    ["delifeq", deleteKey],
    ["msetex", msetex],
    ["xdelex", deleteEntries(false)],
    ["xackdel", deleteEntries(true)],
  ];
  return rules.map(([name, translate]) => [name, knows(name) ? undefined : [0, translate]]);
}
