import { connect, type Socket } from "node:net";
import type { Address } from "../address.ts";

/** Where the rest of a buffer is shorter than this, the next one is begun. */
const LEAST = 16 * 1024;
/** A longer read would hold up everything else that the process does. */
const MOST = 256 * 1024;

/** A connection whose reads lie one behind the other in large buffers. */
export interface SlabSocket {
  socket: Socket;
  /** Takes what was read; the bytes are nobody else's and stay as they are. */
  onData: (chunk: Buffer) => void;
}

/**
 * Connects. Node's own way takes 64 kB of memory for each read, however little comes, and a reader that finds half a
 * command at the end of one has to copy all of the next to join them; here, they are neighbours already.
 * @param slab size of the buffers in bytes, one of which a connection keeps at least
 */
export function connectInSlabs({ host, port }: Address, slab: number): SlabSocket {
  let buffer = Buffer.allocUnsafeSlow(slab);
  let at = 0;
  const room = (): Buffer => {
    if (buffer.length - at < LEAST) {
      buffer = Buffer.allocUnsafeSlow(slab);
      at = 0;
    }
    return buffer.subarray(at, at + MOST);
  };
  const callback = (bytes: number): boolean => {
    const chunk = buffer.subarray(at, at + bytes);
    at += bytes;
    made.onData(chunk);
    return true;
  };
  const socket = connect({ host, port, noDelay: true, keepAlive: true, onread: { buffer: room, callback } });
  const made: SlabSocket = { socket, onData: () => undefined };
  return made;
}

/** Whether `second` lies directly behind `first`. */
export function areNeighbours(first: Buffer, second: Buffer): boolean {
  return first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset;
}

/** Neighbours as one, without copying. */
export function joined(first: Buffer, second: Buffer): Buffer {
  return Buffer.from(first.buffer, first.byteOffset, first.length + second.length);
}
