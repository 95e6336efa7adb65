import { createHash } from "node:crypto";
import { portInUse } from "../../components/engine/preflight/ports.ts";

/** The loopback ports of a test's stack, free when it was made; `blue` and `green` are the primaries'. */
export interface StackPorts {
  write: number;
  read: number;
  runtime: number;
  blue: number;
  green: number;
  /** The bridge's health and metrics. */
  status: number;
}

/** Blocks of ports below the range from which the kernel picks those of outgoing connections. */
const FIRST_PORT = 21_000;
const LAST_PORT = 31_000;
const BLOCK = 20;

/**
 * A block of ports that nobody listens on now; each colour has room for five replicas. Where the search begins depends
 * on the name, so that two stacks that are made at the same time don't choose the same one.
 */
export async function freePorts(name: string): Promise<StackPorts> {
  const blocks = (LAST_PORT - FIRST_PORT) / BLOCK;
  const first = createHash("sha256").update(name).digest().readUInt32BE() % blocks;
  for (let i = 0; i < blocks; i++) {
    const base = FIRST_PORT + ((first + i) % blocks) * BLOCK;
    const block = Array.from({ length: BLOCK }, (_, at) => ({ host: "127.0.0.1", port: base + at }));
    const taken = await Promise.all(block.map(portInUse));
    if (taken.includes(true)) continue;
    return {
      write: base,
      read: base + 1,
      runtime: base + 2,
      blue: base + 3,
      green: base + 10,
      status: base + 17,
    };
  }
  throw new Error(`no ${BLOCK} free ports between ${FIRST_PORT} and ${LAST_PORT}`);
}
