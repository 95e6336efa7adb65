import { defaults } from "../arguments.ts";
import { formatAddress, type Address } from "../engine/address.ts";
import { COLOURS, type Colour } from "../engine/colour.ts";
import { PROXY_USER } from "../engine/users.ts";

/** Where the proxy finds a colour's servers. */
export interface ProxyColour {
  primary: Address;
  /** A name that resolves to every replica of the colour, and their port; absent where it can have none. */
  replicas?: Address;
}

/** Ports inside the proxy's container. */
export const PROXY_PORTS = { write: 6379, read: 6380, runtime: 9999 } as const;

/** How many replicas of one colour the read endpoint can use. */
const REPLICA_SLOTS = 5;

/** Redis answers ROLE on a primary with an array of three whose first element is `master`. */
const ROLE_MASTER = Buffer.from("*3\r\n$6\r\nmaster").toString("hex");

/**
 * The proxy's configuration. It names both colours from the start and never changes during an upgrade: which of them
 * gets traffic is read from the servers, where the proxy's user is enabled on the live colour only. So a proxy that
 * restarts at any moment sends clients to the one colour that is open, or to none.
 */
export function haproxyConfig(colours: Record<Colour, ProxyColour>): string {
  return `global
  fd-hard-limit 40000
  stats socket ipv4@*:${PROXY_PORTS.runtime} level admin

defaults
  mode tcp
  timeout connect 2s
  timeout client 24h
  timeout server 24h
  timeout check 1s
  option clitcpka
  option srvtcpka
  option redispatch
  retries 3

resolvers docker
  nameserver embedded 127.0.0.11:53
  hold valid 1s

frontend write
  bind *:${PROXY_PORTS.write}
  default_backend write

frontend read
  bind *:${PROXY_PORTS.read}
  default_backend read

backend write
${tcpCheck(`  tcp-check send ROLE\\r\\n
  tcp-check expect min-recv 15 binary ${ROLE_MASTER}`)}
${COLOURS.map((colour) => `  server ${colour} ${found(colours[colour].primary)}`).join("\n")}

backend read
${tcpCheck(`  tcp-check send PING\\r\\n
  tcp-check expect min-recv 7 string +PONG`)}
${COLOURS.map((colour) => readServers(colour, colours[colour])).join("\n")}
`;
}

function tcpCheck(last: string): string {
  return `  option tcp-check
  tcp-check connect
  tcp-check send AUTH\\ ${PROXY_USER}\\ -\\r\\n
  tcp-check expect min-recv 5 string +OK
${last}
  default-server check inter 200ms fall 3 rise 1 on-marked-down shutdown-sessions init-addr last,libc,none`;
}

function readServers(colour: Colour, servers: ProxyColour): string {
  const primary = `  server ${colour} ${found(servers.primary)} backup`;
  if (servers.replicas === undefined) return primary;
  return `  server-template ${colour}-replica 1-${REPLICA_SLOTS} ${found(servers.replicas)}\n${primary}`;
}

/**
 * Where a server is. Names of containers come and go, and Docker's name server is asked for them all the time. It does
 * not know the name of this machine, which stands in the container's hosts file: asked for that, it would have the proxy
 * take the server away after half a minute.
 */
function found(address: Address): string {
  const isThisMachine = address.host === defaults.loopbackFromContainers;
  return `${formatAddress(address)}${isThisMachine ? "" : " resolvers docker"}`;
}
