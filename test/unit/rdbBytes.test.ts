import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Crc64, crc64 } from "../../components/engine/backup/crc64.ts";
import { RdbInspector } from "../../components/engine/backup/rdbInspector.ts";

/** An RDB as far as magic and checksum go. */
function rdb(magic = "REDIS0010", body: Uint8Array = randomBytes(100), checksum?: bigint): Buffer {
  const bytes = Buffer.concat([Buffer.from(magic), body, Buffer.from([0xff])]);
  const trailer = Buffer.alloc(8);
  trailer.writeBigUInt64LE(checksum ?? crc64(bytes));
  return Buffer.concat([bytes, trailer]);
}

/** Cuts bytes into chunks of the given sizes, over and over. */
function cut(bytes: Buffer, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function inspect(...chunks: Buffer[]) {
  const inspector = new RdbInspector();
  for (const chunk of chunks) inspector.update(chunk);
  return inspector.finish();
}

describe("the CRC-64 of Redis", () => {
  it("gives the check value of its own test", () => {
    expect(crc64(Buffer.from("123456789"))).toBe(0xe9c6d914c4b8d9can);
    expect(crc64(Buffer.alloc(0))).toBe(0n);
  });

  it("is the same bit by bit", () => {
    const slowly = (bytes: Uint8Array): bigint => {
      let crc = 0n;
      for (const byte of bytes) {
        crc ^= BigInt(byte);
        for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
      }
      return crc;
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => crc64(bytes) === slowly(bytes)));
  });

  it("doesn't depend on where the bytes are cut", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), sizes, (bytes, cuts) => {
        const crc = new Crc64();
        for (const chunk of cut(Buffer.from(bytes), cuts)) crc.update(chunk);
        return crc.value() === crc64(bytes);
      }),
    );
  });
});

describe("an RDB that streams by", () => {
  it("is accepted however it is cut", () => {
    const bytes = rdb();
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const expected = { bytes: bytes.length, sha256, rdbVersion: 10, checksummed: true };
    const sizes = fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1 });
    fc.assert(
      fc.property(sizes, (cuts) => {
        expect(inspect(...cut(bytes, cuts))).toEqual(expected);
      }),
    );
  });

  it("tells its version, Valkey's too, and that it has no checksum", () => {
    expect(inspect(rdb("VALKEY080")).rdbVersion).toBe(80);
    expect(inspect(rdb("REDIS0009", randomBytes(9), 0n))).toMatchObject({
      rdbVersion: 9,
      checksummed: false,
    });
  });

  it("is refused with any byte changed, without its end, or as something else", () => {
    const bytes = rdb();
    for (let i = 9; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 0x10;
      expect(() => inspect(changed)).toThrow("checksum doesn't match");
    }
    expect(() => inspect(bytes.subarray(0, -1))).toThrow("checksum");
    expect(() => inspect(Buffer.from("-ERR no such thing as an RDB here"))).toThrow("magic");
    expect(() => inspect(Buffer.from("REDIS0010"), Buffer.alloc(0))).toThrow();
    expect(() => inspect()).toThrow("magic");
  });
});
