import { Redis } from "ioredis";

/** A Redis endpoint as an application knows it. */
export interface ClientEndpoint {
  host: string;
  /** TCP port. */
  port: number;
  /** Default: the server's `default` user. */
  username?: string;
  /** Secret; absent where the user has none. */
  password?: string;
}

/**
 * A client as the README recommends it to applications: with these options no error surfaces at a cutover.
 * Everything that is not named stays at ioredis' default, `autoResendUnfulfilledCommands: true` among it.
 */
export function openClient(endpoint: ClientEndpoint): Redis {
  const client = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    // A cutover closes a connection once the new colour is open: ask at once, and slow down only when it is really away.
    retryStrategy: (attempt) => Math.min(1 + (attempt - 1) * 10, 500),
    maxRetriesPerRequest: null,
    // 2: connect again and send the refused command again. Only a server that was demoted answers so.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
  });
  // A lost connection is the client's own business; what counts is whether a command is rejected.
  client.on("error", () => undefined);
  return client;
}
