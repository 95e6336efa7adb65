import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { formatAddress, isLoopback, type Address } from "./address.ts";
import type { DeploymentTarget } from "./deploymentTarget.ts";
import { addressFor } from "./deployment.ts";
import { parseClientList } from "./infoReply.ts";
import { RedisServerError, type RedisServer } from "./redisServer.ts";
import { isOperatorName } from "./ownConnections.ts";

const CONNECT_TIMEOUT_MS = 2_000;

/** One end of a link that is to be made. */
export interface LinkEnd {
  target: DeploymentTarget;
  /** Absent where it isn't deployed yet or doesn't answer. */
  primary?: RedisServer;
}

/** What stands between a follower and its leader. */
export interface LinkObstacle {
  /** One sentence, with the config path and what to do. */
  reason: string;
  /** Whether it is so; else it only looks so from here, as behind a router that doesn't lead back to this machine. */
  certain: boolean;
}

/**
 * Why a server can't reach the one that it is to follow, whatever their versions; undefined where nothing speaks against
 * it. Deployments reach each other. An existing server follows by `advertiseHost` and the other's published port, which
 * nobody but itself can try: what can be seen from here is whether that address means this machine to it, and whether
 * the other one listens there.
 * @param pathPrefix of config paths in the sentence
 */
export async function linkObstacle(
  follower: LinkEnd,
  leader: LinkEnd,
  pathPrefix: string,
): Promise<LinkObstacle | undefined> {
  const { colour, external, reachesOthersAt } = follower.target;
  if (!external || leader.target.external) return undefined;
  const other = leader.target.colour;
  const key = `${pathPrefix}${colour}.advertiseHost`;
  const certain = (reason: string): LinkObstacle => ({ reason, certain: true });
  if (reachesOthersAt === undefined) {
    return certain(
      `${colour} is an existing server and ${key} does not say how it reaches ${other}: set it to an address of this machine as ${colour} reaches it`,
    );
  }
  if (isLoopback(reachesOthersAt)) {
    const seenAs = follower.primary === undefined ? undefined : await operatorHost(follower.primary);
    if (seenAs === undefined || isLoopback(seenAs)) return undefined;
    return certain(
      `${colour} sees this machine as ${seenAs}, so that ${reachesOthersAt} (${key}) leads it to itself and not to ${other}: set ${key} to this machine's address as ${colour} reaches it`,
    );
  }
  const address = addressFor(follower.target, leader.target);
  if (leader.primary === undefined || (await accepts(address))) return undefined;
  const reason = `${other} does not listen at ${formatAddress(address)} (${key}): its ports were published when it was created; retire it and add it again, with ${key} an IP address of this machine and reseed: true for ${other}`;
  return { reason, certain: isOfThisMachine(address.host) };
}

/** The host from which a server sees the operator's connections; undefined where it doesn't say. */
async function operatorHost(server: RedisServer): Promise<string | undefined> {
  let clients: string;
  try {
    clients = String(await server.call("CLIENT", "LIST"));
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return undefined;
  }
  const own = parseClientList(clients).find((client) => isOperatorName(client.get("name")));
  return own
    ?.get("addr")
    ?.replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");
}

/** A name, or an address behind a router, may lead elsewhere from where the server stands. */
function isOfThisMachine(host: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => address === host);
}

async function accepts(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      settle(false);
    });
    socket.once("error", () => {
      settle(false);
    });
    socket.once("connect", () => {
      settle(true);
    });
  });
}
