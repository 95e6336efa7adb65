/**
 * The checksum at the end of an RDB file: CRC-64/Jones, reflected, initial value 0 (Redis crc64.c).
 * Held as two 32-bit halves and taken eight bytes at a time: BigInt would be a hundred times slower, and a backup is
 * checked while it streams in.
 */
export class Crc64 {
  #low = 0;
  #high = 0;

  /** Adds bytes; chunks may be cut anywhere. */
  update(bytes: Uint8Array): this {
    let low = this.#low;
    let high = this.#high;
    const length = bytes.length;
    let i = 0;
    for (const end = length - (length % 8); i < end; i += 8) {
      low ^= word(bytes, i);
      high ^= word(bytes, i + 4);
      const l = sliceOf(low, high, LOW);
      high = sliceOf(low, high, HIGH);
      low = l;
    }
    for (; i < length; i++) {
      const index = (low ^ (bytes[i] ?? 0)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (LOW[index] ?? 0);
      high = (high >>> 8) ^ (HIGH[index] ?? 0);
    }
    this.#low = low;
    this.#high = high;
    return this;
  }

  /** The checksum of everything so far. */
  value(): bigint {
    return (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0);
  }
}

/** The checksum of one buffer. */
export function crc64(bytes: Uint8Array): bigint {
  return new Crc64().update(bytes).value();
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

/** Table k holds, for each byte value, what it becomes after k further zero bytes; the earliest byte has the most. */
function sliceOf(low: number, high: number, table: Int32Array): number {
  return (
    (table[1792 + (low & 0xff)] ?? 0) ^
    (table[1536 + ((low >>> 8) & 0xff)] ?? 0) ^
    (table[1280 + ((low >>> 16) & 0xff)] ?? 0) ^
    (table[1024 + (low >>> 24)] ?? 0) ^
    (table[768 + (high & 0xff)] ?? 0) ^
    (table[512 + ((high >>> 8) & 0xff)] ?? 0) ^
    (table[256 + ((high >>> 16) & 0xff)] ?? 0) ^
    (table[high >>> 24] ?? 0)
  );
}

const LOW = new Int32Array(2048);
const HIGH = new Int32Array(2048);
fillTables();

function fillTables(): void {
  const polynomial = 0x95ac9329ac4bc9b5n; // 0xad93d23594c935a9 with its bits reversed
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    LOW[byte] = Number(BigInt.asIntN(32, crc));
    HIGH[byte] = Number(BigInt.asIntN(32, crc >> 32n));
  }
  for (let i = 256; i < 2048; i++) {
    const low = LOW[i - 256] ?? 0;
    const high = HIGH[i - 256] ?? 0;
    LOW[i] = ((low >>> 8) | (high << 24)) ^ (LOW[low & 0xff] ?? 0);
    HIGH[i] = (high >>> 8) ^ (HIGH[low & 0xff] ?? 0);
  }
}
