/** Finds what is known of a command by its name as it stands in the stream, in any case, without making a text of it. */
export class CommandTable<T> {
  readonly #slots = new Map<number, { name: Buffer; value: T }[]>();

  /** @param entries lower-case names */
  constructor(entries: Iterable<readonly [string, T]>) {
    for (const [name, value] of entries) {
      const bytes = Buffer.from(name, "latin1");
      const hash = hashOf(bytes, 0, bytes.length);
      const slot = this.#slots.get(hash);
      if (slot === undefined) this.#slots.set(hash, [{ name: bytes, value }]);
      else slot.push({ name: bytes, value });
    }
  }

  /** What is known of the name at `from` to `to`. */
  find(data: Buffer, from: number, to: number): T | undefined {
    const slot = this.#slots.get(hashOf(data, from, to));
    if (slot === undefined) return undefined;
    for (const entry of slot) if (same(entry.name, data, from, to)) return entry.value;
    return undefined;
  }
}

/** Of the letters in lower case. */
function hashOf(data: Buffer, from: number, to: number): number {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = (hash * 31 + ((data[i] ?? 0) | 0x20)) | 0;
  return hash;
}

function same(name: Buffer, data: Buffer, from: number, to: number): boolean {
  if (name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = data[from + i] ?? 0;
    if (name[i] !== (byte >= 65 && byte <= 90 ? byte | 0x20 : byte)) return false;
  }
  return true;
}
