import { createServer } from "node:net";

/** Loopback ports of a demo stack. */
export interface DemoPorts {
  write: number;
  read: number;
  runtime: number;
  blue: number;
  green: number;
}

/** Below the ports that operating systems give to outgoing connections, which could take one at any moment. */
const [FIRST, LAST, STEP] = [20_000, 29_000, 10];

/**
 * Five consecutive free ports, so that a demo gets along with any Redis that runs here already.
 * @throws Error where there are none
 */
export async function findFreePorts(): Promise<DemoPorts> {
  for (let base = FIRST; base < LAST; base += STEP) {
    const ports = Array.from({ length: 5 }, (_, i) => base + i);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) {
      return { write: base, read: base + 1, runtime: base + 2, blue: base + 3, green: base + 4 };
    }
  }
  throw new Error(`no five consecutive free ports on 127.0.0.1 between ${FIRST} and ${LAST}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => {
      resolve(false);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
