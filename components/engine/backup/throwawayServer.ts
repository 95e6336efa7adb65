import type { Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import type { ServerVersion } from "../serverVersion.ts";

/** A server of its own that holds a backup's data, reachable from this machine only. */
export interface LoadedServer {
  /** As the process that runs Pulumi reaches it. */
  address: Address;
  /** Made for this server. Secret. */
  login: Login;
  /** Removes the server and its data; a second call does nothing. */
  stop(): Promise<void>;
}

/** Starts servers that live only as long as a backup is looked at. */
export interface ThrowawayServer {
  /**
   * Starts a server of that version on the RDB and waits until everything is loaded.
   * @param databases so many as the server had that was backed up: a key in a database beyond them ends the loading
   *   (measured with 6.0.16, 7.0.15, 8.0.2, Valkey 8.1.1). Default 16, as a server's own
   * @throws where the server can't be started or refuses the file; nothing is left behind
   */
  load(rdbFile: string, version: ServerVersion, databases?: number): Promise<LoadedServer>;
}
