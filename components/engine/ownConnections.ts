import { randomUUID } from "node:crypto";
import type { Credentials } from "./credentials.ts";
import { connectDeployment, type Deployment } from "./deployment.ts";
import type { DeploymentTarget } from "./deploymentTarget.ts";
import { parseClientList } from "./infoReply.ts";
import { isForbidden, type RedisServer } from "./redisServer.ts";
import { OPERATOR_USER } from "./users.ts";

/** Begins the names of connections over which an update changes servers. */
const UPDATE = `${OPERATOR_USER}-update-`;

/** The name of this process's: an update is one process, and the engine runs one update of a stack at a time. */
const OWN = `${UPDATE}${randomUUID()}`;

/**
 * Names the connection as this update's and has the server end those of updates before it. What a killed one sent and a
 * slow network still holds back would be carried out whenever it arrives: a hold, a fence or a REPLICAOF among the steps
 * of this one. One that only stood still finds out when it goes on.
 */
export async function takeOverConnections(server: RedisServer, own = OWN): Promise<void> {
  await server.name(own);
  for (const id of await othersOf(server, own)) await server.call("CLIENT", "KILL", "ID", id);
}

/** Connects to a colour's primary by this update's name, beside connections of others. */
export async function connectAsUpdate(
  target: DeploymentTarget,
  credentials: Credentials,
): Promise<Deployment> {
  const deployment = await connectDeployment(target, credentials);
  await deployment.primary.name(OWN).catch((error: unknown) => {
    deployment.primary.close();
    throw error;
  });
  return deployment;
}

/** Whether another update is at work on the server. */
export async function isTakenOver(server: RedisServer): Promise<boolean> {
  return (await othersOf(server, OWN)).length > 0;
}

/** Whether a connection is this project's, by its name in CLIENT LIST. */
export function isOperatorName(name: string | undefined): boolean {
  return name?.startsWith(OPERATOR_USER) === true;
}

/** Where the login may not ask, nothing is known of others. */
async function othersOf(server: RedisServer, own: string): Promise<string[]> {
  try {
    return parseClientList(String(await server.call("CLIENT", "LIST"))).flatMap((client) => {
      const [id, name = ""] = [client.get("id"), client.get("name")];
      return id !== undefined && name.startsWith(UPDATE) && name !== own ? [id] : [];
    });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return [];
  }
}
