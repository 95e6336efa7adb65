import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Address } from "../../components/engine/address.ts";

/** A way to a server on which what clients send can be kept for a while, as a network does that is away. */
export class Relay {
  readonly address: Address;
  private readonly server: Server;
  private readonly ways: { client: Socket; upstream: Socket }[];

  private constructor(server: Server, ways: Relay["ways"]) {
    this.server = server;
    this.ways = ways;
    this.address = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  /** Listens on a free port. @param from the address of this machine that the server sees; default: the system's choice */
  static async to(target: Address, from?: string): Promise<Relay> {
    const ways: Relay["ways"] = [];
    const server = createServer((client) => {
      const upstream = connect({ ...target, ...(from === undefined ? {} : { localAddress: from }) });
      ways.push({ client, upstream });
      for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
      client.pipe(upstream, { end: false });
      upstream.pipe(client);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Relay(server, ways);
  }

  /** Keeps what clients send from now on, also when they go away. @param count of connections; default: all there are */
  hold(count = this.ways.length): void {
    for (const { client, upstream } of this.ways.slice(0, count)) {
      client.unpipe(upstream);
      client.pause();
    }
  }

  /** Sends what was kept; resolves when the server has it or has ended the connection. */
  async release(): Promise<void> {
    await Promise.all(
      this.ways.map(async ({ client, upstream }) => {
        if (upstream.destroyed) return;
        const kept = client.read() as Buffer | null;
        if (kept !== null) await new Promise((resolve) => upstream.write(kept, resolve));
      }),
    );
  }

  /** Lets no further client in. */
  refuse(): void {
    this.server.close();
  }

  /** Gives clients what the server has not said. */
  say(text: string): void {
    for (const { client } of this.ways) client.write(text);
  }

  /** Ends everything. */
  close(): void {
    for (const { client, upstream } of this.ways) {
      client.destroy();
      upstream.destroy();
    }
    this.server.close();
  }
}
