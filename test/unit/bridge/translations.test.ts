import { describe, expect, it } from "vitest";
import { commandAt } from "../../../components/engine/bridge/batch.ts";
import type { Word } from "../../../components/engine/bridge/encode.ts";
import type { KnownCommand } from "../../../components/engine/bridge/keySpecs.ts";
import { RuleOutput } from "../../../components/engine/bridge/ruleOutput.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import type { Output, Rule } from "../../../components/engine/bridge/translations/rule.ts";
import { translationTable } from "../../../components/engine/bridge/translations/translationTable.ts";
import type { ServerVersion } from "../../../components/engine/serverVersion.ts";
import { makeApplier, Sink } from "./applierScene.ts";

const ANY: KnownCommand = { arity: -2, first: 1, last: 1, step: 1, movable: false };
const OLD =
  "set pexpireat persist lpop rpop zadd xadd xtrim xgroup xsetid xclaim bitop restore flushdb flushall rpoplpush del " +
  "move smove rename renamenx";
const NEW = "lmove copy hsetex hgetdel hpexpireat hpersist delex msetex xdelex xackdel function";
const known = (names: string): Map<string, KnownCommand> =>
  new Map(names.split(" ").map((name) => [name, ANY]));

/** How commands of Redis 8.6 become such of another server. */
function rulesFor(target: ServerVersion): Map<string, Rule> {
  const source: ServerVersion = { product: "redis", version: "8.6" };
  const targetCommands = known(target.version === "8.0" ? `${OLD} ${NEW}` : OLD);
  const commands = { sourceCommands: known(`${OLD} ${NEW}`), targetCommands };
  return translationTable({ source, target, ...commands });
}

/** What becomes of a command, as text: `=` where it passes, `?` in front of what is checked, `??` of a checked list. */
function translate(target: ServerVersion, command: string): string[] {
  const rules = rulesFor(target);
  const words = command.split(" ").map((word) => Buffer.from(word));
  const rule = rules.get(words[0]?.toString().toLowerCase() ?? "");
  const done: string[] = [];
  const text = (sent: readonly Word[]): string => sent.map(String).join(" ");
  const output: Output = {
    pass: () => done.push("="),
    send: (sent) => done.push(text(sent)),
    passChecked: () => done.push("?="),
    check: (_atLeast, _keys, sent) => done.push(`?${text(sent)}`),
    checkEach: (_atLeast, _key, sent) => done.push(`??${text(sent)}`),
    drop: () => done.push("dropped"),
    copyAgain: (...keys) => done.push(`copy ${text(keys)}`),
    unrepresentable: (kind, key) => done.push(`${kind} ${key.toString()}`),
    represented: (kind, key) => done.push(`no ${kind} ${key?.toString() ?? ""}`),
  };
  if (rule === undefined) return ["no rule"];
  if (words.length <= rule.plainUpTo) return ["="];
  rule.translate(words, output);
  return done;
}

const TO_60: [command: string, becomes: string[]][] = [
  ["SET k v", ["="]],
  ["SET k v PXAT 9", ["SET k v", "?PEXPIREAT k 9"]],
  ["SET k v KEEPTTL", ["SET k v KEEPTTL"]],
  ["SET k v NX GET", ["SET k v"]],
  ["SET k v IFEQ old PXAT 9", ["SET k v", "?PEXPIREAT k 9"]],
  ["PEXPIREAT k 9 GT", ["?PTTL k", "?PEXPIREAT k 9"]],
  ["PERSIST k", ["?PERSIST k"]],
  ["SORT l ALPHA LIMIT 0 5 GET # STORE d", ["="]],
  ["GEORADIUS k 1 2 3 km COUNT 5 store d", ["copy d"]],
  ["GEORADIUS k 1 2 3 km", ["="]],
  ["GEOSEARCHSTORE d k FROMLONLAT 1 2 BYRADIUS 3 km", ["copy d"]],
  ["GEORADIUSBYMEMBER k store 3 km STOREDIST d", ["copy d"]],
  ["SORT l BY nosort STORE d", ["="]],
  ["SORT l BY w:* STORE d", ["copy d"]],
  ["SORT l store d get w:*->f ALPHA", ["copy d"]],
  ["LPOP l", ["="]],
  ["LPOP l 3", ["LTRIM l 3 -1"]],
  ["RPOP l 3", ["LTRIM l 0 -4"]],
  ["LMOVE a b RIGHT LEFT", ["?RPOPLPUSH a b"]],
  ["RPOPLPUSH a b", ["?="]],
  ["SMOVE a b m", ["?="]],
  ["MOVE a 1", ["?="]],
  ["RENAME a b", ["?="]],
  ["RENAMENX a b", ["?="]],
  ["COPY a b", ["no rule"]],
  ["ZADD z 1 a", ["="]],
  ["ZADD z NX 1 a", ["="]],
  ["ZADD z GT INCR 1 a", ["copy z"]],
  ["XADD s 1-1 f v", ["="]],
  ["XADD s NOMKSTREAM MAXLEN = 3 1-1 f v", ["XADD s MAXLEN = 3 1-1 f v"]],
  ["XADD s DELREF MAXLEN = 3 1-1 f v", ["copy s"]],
  ["XADD s IDMP p i 1-1 f v", ["XADD s 1-1 f v"]],
  ["XGROUP CREATECONSUMER s g c", ["dropped"]],
  ["XGROUP SETID s g 1-1 ENTRIESREAD 4", ["XGROUP SETID s g 1-1"]],
  ["XGROUP CREATE s g 0 MKSTREAM ENTRIESREAD 0", ["XGROUP CREATE s g 0 MKSTREAM"]],
  ["XSETID s 9-9 ENTRIESADDED 5 MAXDELETEDID 3-3", ["XSETID s 9-9"]],
  ["FLUSHDB SYNC", ["FLUSHDB"]],
  ["FLUSHALL ASYNC", ["="]],
  ["FUNCTION DELETE lib", ["dropped", "no function lib"]],
  ["FUNCTION FLUSH", ["dropped", "no function "]],
];

const TO_70: [command: string, becomes: string[]][] = [
  ["SET k v PXAT 9", ["SET k v PXAT 9"]],
  ["LPOP l 3", ["="]],
  ["ZADD z GT 1 a", ["="]],
  ["XSETID s 9-9 ENTRIESADDED 5 MAXDELETEDID 3-3", ["="]],
  ["HSETEX h KEEPTTL FIELDS 1 f v", ["HSET h f v"]],
  ["HSETEX h FNX PXAT 9 FIELDS 1 f v", ["HSET h f v", "hash-field-expiry h"]],
  ["HPEXPIREAT h 9 FIELDS 1 f", ["hash-field-expiry h"]],
  ["HPERSIST h FIELDS 1 f", ["dropped"]],
  ["HGETDEL h FIELDS 2 f g", ["HDEL h f g"]],
  ["DELEX k IFEQ v", ["DEL k"]],
  ["MSETEX 2 a 1 b 2 NX PXAT 9", ["SET a 1", "?PEXPIREAT a 9", "SET b 2", "?PEXPIREAT b 9"]],
  ["XADD s KEEPREF MAXLEN = 3 1-1 f v", ["XADD s MAXLEN = 3 1-1 f v"]],
  ["XDELEX s KEEPREF IDS 2 1-1 2-1", ["XDEL s 1-1 2-1"]],
  ["XDELEX s DELREF IDS 1 1-1", ["copy s"]],
  ["XACKDEL s g KEEPREF IDS 1 1-1", ["?XACK s g 1-1", "XDEL s 1-1"]],
  ["BITOP DIFF d a b", ["copy d"]],
  ["BITOP AND d a b", ["="]],
  ["RESTORE k 0 payload ABSTTL", ["copy k"]],
  ["FUNCTION LOAD REPLACE code", ["="]],
  ["PUBLISH c m", ["dropped"]],
  ["VADD v x", ["no rule"]],
];

const TO_80: [command: string, becomes: string[]][] = [
  ["HPEXPIREAT h 9 NX FIELDS 2 f g", ["??HPTTL h FIELDS 2 f g", "??HPEXPIREAT h 9 NX FIELDS 2 f g"]],
  ["HPERSIST h FIELDS 1 f", ["??HPERSIST h FIELDS 1 f"]],
  ["HSETEX h PXAT 9 FIELDS 1 FXX v", ["="]],
  ["HSETEX h FXX PXAT 9 FIELDS 1 f v", ["?="]],
  ["COPY a b DB 1", ["?="]],
  ["LMOVE a b LEFT LEFT", ["?="]],
];

describe.each([
  ["6.0", TO_60],
  ["7.0", TO_70],
  ["8.0", TO_80],
])("for Redis %s", (version, cases) => {
  it.each(cases)("%s", (command, becomes) => {
    expect(translate({ product: "redis", version }, command)).toEqual(becomes);
  });
});

/** More than a call takes arguments; a script or a client's library may well send so many at once. */
const MANY = Array.from({ length: 200_000 }, (_, i) => `${i}-1`);

it.each([
  ["6.0", "ZADD z GT", "EVAL"],
  ["6.0", "XADD s NOMKSTREAM 1-1", "XADD"],
  ["7.0", `HSETEX h KEEPTTL FIELDS ${MANY.length / 2}`, "HSET"],
  ["7.0", `HGETDEL h FIELDS ${MANY.length}`, "HDEL"],
  ["7.0", `XACKDEL s g IDS ${MANY.length}`, "XACK"],
  ["7.0", `XDELEX s IDS ${MANY.length}`, "XDEL"],
  ["8.0", `HPEXPIREAT h 9 FIELDS ${MANY.length}`, "HPTTL"],
  ["8.0", `HPERSIST h FIELDS ${MANY.length}`, "HPERSIST"],
])("translates for Redis %s a command of 200,000 words: %s", (version, command, becomes) => {
  const applier = makeApplier(new StreamParser(), new Sink(), () => undefined);
  const words = [...command.split(" "), ...MANY].map((word) => Buffer.from(word));
  const rule = rulesFor({ product: "redis", version }).get(command.split(" ")[0]?.toLowerCase() ?? "");
  rule?.translate(words, new RuleOutput(applier).of(rule, words));
  // The first selects the database.
  const sent = commandAt(applier.batch?.pieces ?? [], 1)?.words.map(String);
  expect(sent?.[0]).toBe(becomes);
  expect(sent?.slice(-MANY.length)).toEqual(MANY);
});
