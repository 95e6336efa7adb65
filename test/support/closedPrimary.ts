import type { DeploymentState } from "../../components/engine/deployment.ts";
import type { Gate } from "../../components/engine/gate.ts";

/** Where a server stands in its own history and in the one before. */
export type History = Pick<DeploymentState["replication"], "replid" | "offset" | "replid2" | "secondOffset">;

/** A Redis primary as it would be observed, by default closed, with three keys and without a second history. */
export function closedPrimary(
  history: Partial<History>,
  gate: Partial<Gate> = {},
  version = "8.0",
): DeploymentState {
  return {
    version: { product: "redis", version },
    keys: 3,
    replication: {
      role: "master",
      linkUp: false,
      syncInProgress: false,
      replicas: [],
      replid: "?",
      offset: 0,
      replid2: "-",
      secondOffset: -1,
      ...history,
    },
    gate: { proxyOn: false, fenced: true, minReplicas: 0, replicationUser: true, runId: "run", ...gate },
  };
}
