import { isOpen, observeDeployment, type Deployment } from "../deployment.ts";
import { canReplicate } from "../compatibility/matrix.ts";
import { isFed } from "../gate.ts";
import { feed } from "../feed.ts";
import { follow } from "../follow.ts";
import { isSame, type Handover } from "../handover.ts";
import { lineage } from "../lineage.ts";
import { messageOf } from "../messageOf.ts";
import { connectAsUpdate, isTakenOver } from "../ownConnections.ts";
import type { CutoverInput } from "./cutoverInput.ts";
import { pausesWritesOnly } from "../pause.ts";
import { RedisServerError } from "../redisServer.ts";
import { settle } from "./settle.ts";

/**
 * Puts everything back to the old colour after a cutover failed before its point of no return. Connects anew, since
 * the failure may have been the connection, and looks at the servers rather than at how far the cutover said it was: this
 * process may have stood still while another update went on.
 * @param fenced where the old colour's history ended, where this cutover closed it for good
 * @returns what was put back, as a clause for the error message
 */
export async function abandonCutover(input: CutoverInput, fenced?: Handover): Promise<string> {
  const { colour } = input.from;
  let from: Deployment | undefined;
  try {
    from = await connectAsUpdate(input.from.target, input.credentials);
    const takenOver = await isTakenOver(from.primary);
    await endConnectionsOf(input.from, from);
    if (takenOver || (await hasMovedOn(from, input, fenced))) {
      return `another update has gone on from here, so ${colour} is left as it is`;
    }
    await settle(
      { kind: "reopen", from: colour },
      {
        deployments: { [colour]: from },
        traffic: input.traffic,
        credentials: input.credentials,
        lone: false,
        progress: () => undefined,
      },
    );
    return `${colour} serves as before${await relinked(from, input)}`;
  } catch (error) {
    return `${colour} could not be looked after (${messageOf(error)}); should it still hold writes, pulumi up ends that`;
  } finally {
    from?.primary.close();
  }
}

/** Whether the old colour must not be opened, since another update has opened the new one, or may have. */
async function hasMovedOn(from: Deployment, input: CutoverInput, fenced?: Handover): Promise<boolean> {
  const { replication, gate, version } = await observeDeployment(from);
  if (replication.role === "replica" || isFed(gate) || gate.leftBehind === true) return true;
  if (gate.handedOver === undefined && pausesWritesOnly(version.version)) {
    // A cutover's own fence holds writes: whoever refuses them without a note has left this colour behind.
    if (gate.fenced) return true;
    // Held for good by nobody, the new colour can't have been promoted; clients don't wait for one that doesn't answer.
    if (fenced === undefined) return false;
  }
  let to: Deployment | undefined;
  try {
    to = await connectAsUpdate(input.to.target, input.credentials);
    return isOpen(await observeDeployment(to));
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
    return gate.handedOver !== undefined && !isSame(gate.handedOver, fenced);
  } finally {
    to?.primary.close();
  }
}

/**
 * Has the server end the connections over which the cutover ran. What was sent over them and is still on its way, as after a
 * network that was away, would be carried out whenever it arrives: a hold or a fence would close the colour again, with
 * nobody left to open it.
 */
async function endConnectionsOf(former: Deployment, { primary }: Deployment): Promise<void> {
  const { connectionIds, login } = former.primary;
  for (const id of connectionIds) {
    // By the login as well: were the server another process by now, the number could be a client's.
    await primary.call("CLIENT", "KILL", "ID", id, "USER", login.username);
  }
}

/** What can be done for the new colour; that it doesn't answer is often why the cutover failed. */
async function relinked(from: Deployment, input: CutoverInput): Promise<string> {
  let to: Deployment | undefined;
  try {
    to = await connectAsUpdate(input.to.target, input.credentials);
    await endConnectionsOf(input.to, to);
    return await relink(from, to, input);
  } catch (error) {
    return `, ${input.to.colour} could not be looked after (${messageOf(error)})`;
  } finally {
    to?.primary.close();
  }
}

/** Makes a new colour that was promoted already follow again, where that can't lose anything. */
async function relink(from: Deployment, to: Deployment, input: CutoverInput): Promise<string> {
  const [old, next] = await Promise.all([observeDeployment(from), observeDeployment(to)]);
  if (next.replication.role === "replica") return "";
  if (next.gate.fed !== undefined) {
    await feed(to, from, input.credentials);
    return `, the bridge goes on feeding ${to.colour}`;
  }
  const relation = lineage(old.replication, next.replication, next.gate.unopened);
  if (relation === "continues" || (relation !== "unknown" && canReplicate(old.version, next.version).ok)) {
    await follow(to, from, input.credentials);
    return `, ${to.colour} follows it again`;
  }
  return `, ${to.colour} keeps its data, closed, and follows nobody`;
}
