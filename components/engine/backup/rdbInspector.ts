import { createHash } from "node:crypto";
import { BackupError } from "./backupError.ts";
import { Crc64 } from "./crc64.ts";

/** What an RDB file's bytes say of themselves. */
export interface RdbFacts {
  bytes: number;
  /** Of the whole file, in hex. */
  sha256: string;
  /** The number in the magic, e.g. 10 for Redis 7.0. */
  rdbVersion: number;
  /** False where the server writes none (`rdbchecksum no`): the trailer is then zero. */
  checksummed: boolean;
}

const TRAILER_BYTES = 8;
const MAGIC_BYTES = 9;

/** Checks an RDB while it streams by: magic, end marker and the CRC-64 over all but the last eight bytes. */
export class RdbInspector {
  readonly #sha = createHash("sha256");
  readonly #crc = new Crc64();
  /** The last bytes seen; they are the trailer if no more come. */
  #tail: Buffer = Buffer.alloc(0);
  #head: Buffer = Buffer.alloc(0);
  #bytes = 0;

  update(chunk: Buffer): void {
    this.#sha.update(chunk);
    this.#bytes += chunk.length;
    if (this.#head.length < MAGIC_BYTES) {
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, MAGIC_BYTES - this.#head.length)]);
    }
    const tailStart = chunk.length - TRAILER_BYTES;
    if (tailStart >= 0) {
      this.#crc.update(this.#tail).update(chunk.subarray(0, tailStart));
      this.#tail = chunk.subarray(tailStart);
      return;
    }
    const waiting = Buffer.concat([this.#tail, chunk]);
    const surplus = Math.max(0, waiting.length - TRAILER_BYTES);
    this.#crc.update(waiting.subarray(0, surplus));
    this.#tail = waiting.subarray(surplus);
  }

  /** @throws BackupError when the bytes are no RDB, or not the ones that the server wrote */
  finish(): RdbFacts {
    const version = /^(?:REDIS0*|VALKEY0*)(\d+)$/.exec(this.#head.toString("latin1"))?.[1];
    if (version === undefined)
      throw new BackupError("what the server sent is not an RDB: its magic is missing");
    if (this.#tail.length < TRAILER_BYTES) throw new BackupError("the RDB ends before its checksum");
    const stored = this.#tail.readBigUInt64LE();
    if (stored !== 0n && stored !== this.#crc.value()) {
      throw new BackupError("the RDB's checksum doesn't match its bytes; take the copy again");
    }
    return {
      bytes: this.#bytes,
      sha256: this.#sha.digest("hex"),
      rdbVersion: Number(version),
      checksummed: stored !== 0n,
    };
  }
}
