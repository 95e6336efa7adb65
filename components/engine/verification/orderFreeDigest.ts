import { hash } from "node:crypto";

/**
 * A digest of elements in any order, in constant memory however many there are: the lanes of the elements' hashes
 * added up. An element that SCAN gives twice changes it, so compare `count` with the collection's size.
 */
export class OrderFreeDigest {
  readonly #lanes = new Uint32Array(4);
  count = 0;

  /** Adds one element, made of parts that are kept apart by their lengths. */
  add(...parts: Buffer[]): void {
    const digest = digestOf(parts);
    for (let i = 0; i < 4; i++) this.#lanes[i] = (this.#lanes[i] ?? 0) + digest.readUInt32LE(i * 4);
    this.count++;
  }

  value(): string {
    return `${this.count}:${Buffer.from(this.#lanes.buffer).toString("latin1")}`;
  }
}

/** A digest of elements in their order. */
export class OrderedDigest {
  #state: Buffer = Buffer.alloc(0);
  count = 0;

  /** Adds one element, made of parts that are kept apart by their lengths. */
  add(...parts: Buffer[]): void {
    this.#state = digestOf([this.#state, ...parts]);
    this.count++;
  }

  value(): string {
    return `${this.count}:${this.#state.toString("latin1")}`;
  }
}

/** Against accident, not against somebody who makes collisions on purpose: SHA-1 is the fastest one here. */
export function digestOf(parts: Buffer[]): Buffer {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return hash("sha1", only, "buffer");
  const lengths = Buffer.allocUnsafe(parts.length * 4);
  parts.forEach((part, i) => lengths.writeUInt32LE(part.length, i * 4));
  return hash("sha1", Buffer.concat([lengths, ...parts]), "buffer");
}
