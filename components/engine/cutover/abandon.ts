import { connectDeployment, observeDeployment, type Deployment } from "../deployment.ts";
import { canReplicate } from "../compatibility/matrix.ts";
import { follow } from "../follow.ts";
import { lineage } from "../lineage.ts";
import type { CutoverInput } from "./cutoverInput.ts";
import { settle } from "./settle.ts";

/**
 * Puts everything back to the old colour after a cutover failed before its point of no return. Connects anew, since
 * the failure may have been the connection, and looks at the servers rather than at how far the cutover said it was.
 * @returns what was put back, as a clause for the error message
 */
export async function abandonCutover(input: CutoverInput): Promise<string> {
  const connections: Deployment[] = [];
  try {
    const from = await connectDeployment(input.from.target, input.credentials);
    connections.push(from);
    await settle(
      { kind: "reopen", from: from.colour },
      {
        deployments: { [from.colour]: from },
        traffic: input.traffic,
        credentials: input.credentials,
        progress: () => undefined,
      },
    );
    const to = await connectDeployment(input.to.target, input.credentials);
    connections.push(to);
    const relinked = await relink(from, to, input);
    return `${from.colour} serves as before${relinked}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${input.from.colour} could not be looked after (${reason}); its pause ends by itself, and pulumi up settles the rest`;
  } finally {
    for (const { primary } of connections) primary.close();
  }
}

/** Makes a new colour that was promoted already follow again, where that can't lose anything. */
async function relink(from: Deployment, to: Deployment, input: CutoverInput): Promise<string> {
  const [old, next] = await Promise.all([observeDeployment(from), observeDeployment(to)]);
  if (next.replication.role === "replica") return "";
  const relation = lineage(old.replication, next.replication);
  if (relation === "continues" || (relation !== "unknown" && canReplicate(old.version, next.version).ok)) {
    await follow(to, from, input.credentials);
    return `, ${to.colour} follows it again`;
  }
  return `, ${to.colour} is left closed and follows nobody`;
}
