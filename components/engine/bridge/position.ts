/** What all of the bridge's own keys begin with. */
export const OWN_PREFIX = Buffer.from("redis-bluegreen:");
/** The bridge's own keys; all are in the target's last database and gone once the target is opened. */
export const POSITION_KEY = "redis-bluegreen:position";
/** Counts the transactions that took effect. */
export const BATCHES_KEY = "redis-bluegreen:batches";
/** Hash: keys that are copied again; the field is `<database> <key>`, the value the offset that the copy has, or 0. */
export const STALE_KEY = "redis-bluegreen:stale";
/** Set of `<kind> <database> <key>`: what the target can't represent. */
export const UNREPRESENTABLE_KEY = "redis-bluegreen:unrepresentable";

const OWN_KEYS = [POSITION_KEY, BATCHES_KEY, STALE_KEY, UNREPRESENTABLE_KEY];

/** A place in a source's history. */
export interface HistoryPlace {
  /** Replication ID, 40 hexadecimal digits. */
  replid: string;
  /** Replication offset in bytes: everything up to it. */
  offset: number;
}

/** The database of a place where it isn't known: nothing is applied before the stream names one. */
export const UNKNOWN_DATABASE = -1;

/** A place in the stream. */
export interface StreamPlace {
  offset: number;
  /** What is selected there, or `UNKNOWN_DATABASE`. */
  database: number;
}

/** What the target's position key says. */
export interface Position {
  /** The source's history. */
  replid: string;
  /** Everything up to here took effect on the target, save for keys that are noted as stale. */
  applied: StreamPlace;
  /**
   * The replies up to here were looked at. What lies between was sent by a bridge that died: it took effect, but maybe
   * a command of it failed.
   */
  confirmed: StreamPlace;
  /** Transactions that must have taken effect, copies included; where fewer have, one was refused and nothing is certain. */
  batches: number;
  /** `<replid>:<offset>` of the note on the target that this position began with, or `-`. */
  since: string;
  /** The dataset is being copied: nothing is known of it before that ended. */
  copying: boolean;
}

/** As the key holds it: `<replid>:<offset>:<db>:<confirmed offset>:<confirmed db>:<batches>:<copying 0|1>:<since>`; db -1: not known. */
export function formatPosition(position: Position): string {
  const { replid, applied, confirmed, batches, copying, since } = position;
  const places = [applied.offset, applied.database, confirmed.offset, confirmed.database];
  return [replid, ...places, batches, copying ? 1 : 0, since].join(":");
}

/** `since` of a position under a word of its own, by which every key is copied once whatever was noted before. */
export function sinceAnew(word: string): string {
  return `anew-${word}`;
}

/** Reads the key's value; undefined where it is none of ours. */
export function parsePosition(value: string): Position | undefined {
  const found =
    /^([0-9a-f]{40}|\?):(\d+):(-1|\d+):(\d+):(-1|\d+):(\d+):([01]):(-|[0-9a-f]{40}:\d+|anew-[0-9a-f-]+)$/.exec(
      value,
    );
  if (found === null) return undefined;
  const [, replid = "", offset, database, confirmed, confirmedDatabase, batches, copying, since = "-"] =
    found;
  return {
    replid,
    applied: { offset: Number(offset), database: Number(database) },
    confirmed: { offset: Number(confirmed), database: Number(confirmedDatabase) },
    batches: Number(batches),
    copying: copying === "1",
    since,
  };
}

/** What a target tells of the bridge that feeds it. */
export interface BridgeProgress {
  position: Position;
  /** Keys that are being copied again: the target has every write once this is 0 and `position.copying` is false. */
  staleKeys: number;
  /** Those of them that were still copied a while later, where somebody looked twice (see `lingeringKeys`). */
  lingeringKeys?: number;
  /** Keys that the target can't represent. */
  unrepresentable: number;
}

/** Commands for the MULTI that opens a target to clients: they remove what the bridge noted and select database 0. */
export function forgetCommands(lastDatabase: number): (string | number)[][] {
  return [
    ["SELECT", lastDatabase],
    ["DEL", ...OWN_KEYS],
    ["SELECT", 0],
  ];
}

/**
 * Whether a key is one of the bridge's own. A source that was fed before has some in its stream and maybe among its keys;
 * they are never applied, copied or compared, in whichever database.
 */
export function isOwnKey(key: Buffer): boolean {
  return key[0] === OWN_PREFIX[0] && OWN_KEYS.includes(key.toString("latin1"));
}

/** Of the noted keys, so many are asked for at once. */
const NOTED_AT_ONCE = 1_000;

/** Runs a command in the database of the bridge's own keys. */
type OwnCall = (command: [name: string, ...args: string[]]) => Promise<unknown>;

/**
 * Names of the keys that are noted as stale: `<database> <key>`, as `keyName` has them where the client gives bytes. What
 * is noted all through the reading is among them.
 */
export async function readStaleKeys(call: OwnCall): Promise<Set<string>> {
  const fieldsAndValues = await readNoted(call, "HSCAN", STALE_KEY);
  return new Set(fieldsAndValues.filter((_, i) => i % 2 === 0));
}

/** Names of the keys of which the server has no form for something, as those of stale ones. */
export async function readLackingKeys(call: OwnCall): Promise<Set<string>> {
  const members = await readNoted(call, "SSCAN", UNREPRESENTABLE_KEY);
  return new Set(members.map((member) => member.slice(member.indexOf(" ") + 1)));
}

async function readNoted(call: OwnCall, command: "HSCAN" | "SSCAN", key: string): Promise<string[]> {
  const noted: string[] = [];
  let cursor = "0";
  do {
    const reply = await call([command, key, cursor, "COUNT", String(NOTED_AT_ONCE)]);
    const [next, words] = reply as [Buffer | string, (Buffer | string)[]];
    for (const word of words) noted.push(typeof word === "string" ? word : word.toString("latin1"));
    cursor = String(next);
  } while (cursor !== "0");
  return noted;
}
