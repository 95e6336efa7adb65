import { formatAddress } from "../address.ts";
import { keyName } from "../bridge/keyName.ts";
import { NOT_TOLD_APART } from "../bridge/unrepresentable.ts";
import { readLackingKeys, readStaleKeys, STALE_KEY, UNREPRESENTABLE_KEY } from "../bridge/position.ts";
import type { RedisServer } from "../redisServer.ts";
import type { ReplicationState } from "../replicationState.ts";
import { until } from "../until.ts";
import { DatasetReader } from "./datasetReader.ts";
import { BATCH_KEYS, fingerprintKeys, type KeyFingerprint } from "./keyFingerprint.ts";
import { keyDifference, type Tolerance } from "./keyDifference.ts";
import type { Difference } from "./sighting.ts";

/** A comparison could not be carried through; says nothing about the data. */
export class VerificationError extends Error {
  override name = "VerificationError";
}

/** What two servers are called in sentences, and how closely their expiries must agree. */
export interface PairOptions {
  /** Default: their addresses. Give the colours where there are any. */
  names?: readonly [source: string, other: string];
  /**
   * Between two expiries of a key, in milliseconds. Default 0 from Redis 7.0 on, and 1,000 where one side is older:
   * SETEX and SET EX travel with the time left there, so that a replica's expiry is later by what it lagged.
   */
  expiryToleranceMs?: number;
  /** Where a bridge feeds `other` from `source`: up to which of the source's offsets. Default: they are linked, or still. */
  appliedOffset?: () => Promise<number>;
  /**
   * There: the database of `other` in which the bridge notes keys that are behind on purpose, because it copies them, and
   * those that `other` has no form for.
   */
  notesIn?: number;
}

/** What one look at a key of both servers tells. */
export type KeyVerdict =
  | { is: "absent" }
  | { is: "equal" }
  | ({ is: "different" } & Difference)
  /** Its master changed while it was looked at, to or from what the replica holds where it `agrees`; looking again may decide it. */
  | { is: "undecided"; reason: string; agrees?: true }
  /** A foreign type that has no form common to both versions, or data that the other server has no form for. */
  | { is: "incomparable"; reason: string };

const EXPIRY_TOLERANCE_BEFORE_7_MS = 1_000;
const EXPIRY_GRACE_MS = 1_000;
const CATCH_UP_TIMEOUT_MS = 10_000;

/** Two servers whose keys are compared, each over a connection of its own. */
export class DatasetPair {
  readonly source: DatasetReader;
  readonly other: DatasetReader;
  readonly #names: readonly [string, string];
  readonly #tolerance: Tolerance;
  readonly #appliedOffset: (() => Promise<number>) | undefined;
  readonly #notesIn: number | undefined;
  #fieldExpiry: ReadonlySet<number> = new Set();
  #wasLinked = false;

  private constructor(source: DatasetReader, other: DatasetReader, options: PairOptions) {
    this.source = source;
    this.other = other;
    this.#names = options.names ?? [
      formatAddress(source.server.address),
      formatAddress(other.server.address),
    ];
    this.#appliedOffset = options.appliedOffset;
    this.#notesIn = options.notesIn;
    const exact = source.knowsExpiryTime && other.knowsExpiryTime;
    this.#tolerance = {
      expiryMs: options.expiryToleranceMs ?? (exact ? 0 : EXPIRY_TOLERANCE_BEFORE_7_MS),
      graceMs: EXPIRY_GRACE_MS,
      sameVersion:
        source.version.product === other.version.product && source.version.version === other.version.version,
    };
  }

  /** Opens both connections; close the pair when done. */
  static async open(
    source: RedisServer,
    other: RedisServer,
    options: PairOptions = {},
  ): Promise<DatasetPair> {
    const sourceReader = await DatasetReader.open(source);
    let otherReader: DatasetReader | undefined;
    try {
      otherReader = await DatasetReader.open(other);
      const pair = new DatasetPair(sourceReader, otherReader, options);
      await pair.#findFieldExpiry();
      return pair;
    } catch (error) {
      sourceReader.close();
      otherReader?.close();
      throw error;
    }
  }

  close(): void {
    this.source.close();
    this.other.close();
  }

  /** Looks once at keys of one database; on live servers, anything but equal must be looked at by `settle`. */
  async look(database: number, keys: readonly Buffer[]): Promise<KeyVerdict[]> {
    const [a, b] = await Promise.all([
      this.#read(this.source, database, keys),
      this.#read(this.other, database, keys),
    ]);
    return a.map((fingerprint, i) => this.#verdict(fingerprint, at(b, i), this.#names, database));
  }

  /** Whether two readings of one server are the same. */
  isSame = (a: KeyFingerprint, b: KeyFingerprint): boolean =>
    keyDifference(a, b, { ...this.#tolerance, sameVersion: true }, this.#names) === undefined;

  /**
   * Looks at keys so that writes in between don't count: master, then the replica once it has passed the master's
   * offset, then the master again. Where the master's two readings agree, the replica must agree with them, unless the value
   * was another one in between: `different` is certain only where several looks say the same. Where they don't, nothing is
   * decided: a counter that is one behind on the replica is there what it was on the master before.
   */
  async settle(database: number, keys: readonly Buffer[]): Promise<KeyVerdict[]> {
    const { first, second, linked, names } = await this.#order();
    const before = await this.#read(first, database, keys);
    if (linked) await this.#passed(first, second);
    const behind = await this.#noted(STALE_KEY, "HLEN", readStaleKeys);
    const lacking = await this.#noted(UNREPRESENTABLE_KEY, "SCARD", readLackingKeys);
    const replica = await this.#read(second, database, keys);
    const after = await this.#read(first, database, keys);
    return keys.map((key, i) => {
      const verdict = this.#verdict(at(before, i), at(replica, i), names, database);
      if (this.isSame(at(before, i), at(after, i))) {
        if (verdict.is !== "different") return verdict;
        const name = keyName(database, key);
        if (lacking.has(name) || lacking.has(NOT_TOLD_APART)) {
          return {
            is: "incomparable",
            reason: `${this.#names[1]} has no form for all of it: ${verdict.reason}`,
          };
        }
        if (!behind.has(name)) return verdict;
        return { is: "undecided", reason: `the bridge copies it again: ${verdict.reason}` };
      }
      const later = this.#verdict(at(after, i), at(replica, i), names, database);
      if (verdict.is === "incomparable") return verdict;
      if (later.is === "incomparable") return later;
      if (verdict.is !== "different" || later.is !== "different")
        return { is: "undecided", reason: "written to all the time", agrees: true };
      return { is: "undecided", reason: `written to all the time: ${verdict.reason}` };
    });
  }

  async #read(reader: DatasetReader, database: number, keys: readonly Buffer[]): Promise<KeyFingerprint[]> {
    const fingerprints: KeyFingerprint[] = [];
    const known = reader.knowsFieldExpiry ? "read" : "never";
    const fieldExpiry = this.#fieldExpiry.has(database) ? known : "ignored";
    for (let i = 0; i < keys.length; i += BATCH_KEYS) {
      fingerprints.push(
        ...(await fingerprintKeys(reader, database, keys.slice(i, i + BATCH_KEYS), fieldExpiry)),
      );
    }
    return fingerprints;
  }

  #verdict(
    master: KeyFingerprint,
    replica: KeyFingerprint,
    names: readonly [string, string],
    database: number,
  ): KeyVerdict {
    if (master.type === "none" && replica.type === "none") return { is: "absent" };
    if (master.type === replica.type && master.opaque === true && !this.#tolerance.sameVersion) {
      return { is: "incomparable", reason: `a ${master.type} can't be compared between these versions` };
    }
    const reason = keyDifference(master, replica, this.#tolerance, names);
    if (reason === undefined) return { is: "equal" };
    const fieldsExpire = master.type === "hash" && this.#fieldExpiry.has(database);
    return { is: "different", reason, master, replica, graceMs: fieldsExpire ? EXPIRY_GRACE_MS : 0 };
  }

  /** Names of the keys that the bridge has noted under one of its own. */
  async #noted(
    key: string,
    count: "HLEN" | "SCARD",
    readNames: typeof readStaleKeys,
  ): Promise<ReadonlySet<string>> {
    const database = this.#notesIn;
    if (database === undefined || (await this.other.read(database, count, key)) === 0) return new Set();
    return readNames((command) => this.other.read(database, ...command));
  }

  /** The master first. Without a link between them neither waits for the other. */
  async #order(): Promise<{
    first: DatasetReader;
    second: DatasetReader;
    linked: boolean;
    names: readonly [string, string];
  }> {
    if (this.#appliedOffset !== undefined) {
      return { first: this.source, second: this.other, linked: true, names: this.#names };
    }
    const [source, other] = await Promise.all([
      this.source.server.replication(),
      this.other.server.replication(),
    ]);
    const forwards = follows(other, source);
    const backwards = follows(source, other);
    const linked = forwards || backwards;
    if (this.#wasLinked && !linked) {
      throw new VerificationError(
        `the replication link between ${this.#names.join(" and ")} went down during the comparison`,
      );
    }
    this.#wasLinked = linked;
    if (!backwards) return { first: this.source, second: this.other, linked, names: this.#names };
    return { first: this.other, second: this.source, linked, names: [this.#names[1], this.#names[0]] };
  }

  async #passed(master: DatasetReader, replica: DatasetReader): Promise<void> {
    const { offset } = await master.server.replication();
    const applied =
      this.#appliedOffset ?? (async (): Promise<number> => (await replica.server.replication()).offset);
    const probe = async (): Promise<true | undefined> => ((await applied()) >= offset ? true : undefined);
    const what = `${formatAddress(replica.server.address)} has applied the master's offset ${offset}`;
    await until(probe, { timeoutMs: CATCH_UP_TIMEOUT_MS, intervalMs: 0, what });
  }

  /** Most datasets have no expiring fields, and asking for them costs a command for each hash. */
  async #findFieldExpiry(): Promise<void> {
    const [a, b] = await Promise.all([
      this.source.databasesWithFieldExpiry(),
      this.other.databasesWithFieldExpiry(),
    ]);
    this.#fieldExpiry = new Set([...a, ...b]);
  }
}

function follows(replica: ReplicationState, master: ReplicationState): boolean {
  return replica.role === "replica" && replica.linkUp && replica.replid === master.replid;
}

function at(fingerprints: KeyFingerprint[], i: number): KeyFingerprint {
  const fingerprint = fingerprints[i];
  if (fingerprint === undefined) throw new VerificationError("a reading is incomplete");
  return fingerprint;
}
