import { networkInterfaces } from "node:os";
import type { Address } from "../../components/engine/address.ts";
import { COLOURS, type Colour } from "../../components/engine/colour.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { OPERATOR_USER } from "../../components/engine/users.ts";
import { Relay } from "../../test/support/relay.ts";
import type { TestStack } from "../../test/support/testStack.ts";
import type { FaultName } from "./faultName.ts";

/** The port that a server has in its container. */
const PORT = 6379;

/** How the watch reaches the servers while a fault lasts. */
export interface WatchRoute {
  connect(colour: Colour): Promise<RedisServer>;
  close(): void;
}

/**
 * Where the fault drops what comes from this machine, which is the gateway of the container's network, the watch comes from
 * another address of this machine: else it would see nothing while the fault lasts. Everywhere else it goes as the driver
 * does.
 */
export async function watchRoute(fault: FaultName, stack: TestStack): Promise<WatchRoute> {
  if (!/^driver-(old|new)-apart$/.test(fault)) {
    return { connect: (colour) => stack.server(colour), close: () => undefined };
  }
  const ways = await Promise.all(COLOURS.map((colour) => bypass(stack, colour)));
  const relays = new Map<Colour, Relay>();
  for (const { colour, to, from } of ways) relays.set(colour, await Relay.to(to, from));
  const login = { username: OPERATOR_USER, password: stack.passwords.operator };
  return {
    connect: (colour) => {
      const relay = relays.get(colour);
      return relay === undefined ? stack.server(colour) : RedisServer.connect(relay.address, login);
    },
    close: () => {
      for (const relay of relays.values()) relay.close();
    },
  };
}

/** @throws Error where this machine has no other address */
async function bypass(
  stack: TestStack,
  colour: Colour,
): Promise<{ colour: Colour; to: Address; from: string }> {
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}";
  const text = await stack.docker("inspect", "--format", format, `${stack.deployment}-${colour}-0`);
  const [host = "", gateway = ""] = text.trim().split(" ");
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const other = own.find(
    ({ family, internal, address }) => family === "IPv4" && !internal && address !== gateway,
  );
  if (other === undefined)
    throw new Error(`this machine has no address but ${gateway} to watch ${colour} from`);
  return { colour, to: { host, port: PORT }, from: other.address };
}
