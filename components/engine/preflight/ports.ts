import { createServer } from "node:net";
import type { Address } from "../address.ts";

/**
 * Whether another process of this machine listens on the address. Listens there for an instant to find out, and
 * serves nobody.
 * @throws the system's error where the address can't be listened on for another reason: a host that is no address
 * of this machine (EADDRNOTAVAIL), a port that needs privileges (EACCES)
 */
export async function portInUse(address: Address): Promise<boolean> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(true);
      else reject(error);
    });
    server.listen({ ...address, exclusive: true }, () => {
      server.close(() => {
        resolve(false);
      });
    });
  });
}
