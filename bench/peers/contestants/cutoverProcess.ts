/** Carries out one cutover that its parent orders, as the update of a traffic switch does, and ends. */
import type { Address } from "../../../components/engine/address.ts";
import { takeBackup } from "../../../components/engine/backup/backup.ts";
import { cutOver, type CutoverResult } from "../../../components/engine/cutover/cutover.ts";
import { connectDeployment, operatorLogin } from "../../../components/engine/deployment.ts";
import type { Credentials } from "../../../components/engine/credentials.ts";
import type { DeploymentTarget } from "../../../components/engine/deploymentTarget.ts";
import { DEFAULT_GUARDRAILS } from "../../../components/engine/guardrails.ts";
import { Haproxy } from "../../../components/engine/haproxy.ts";
import { messageOf } from "../../../components/engine/messageOf.ts";
import { runPreflight } from "../../../components/engine/preflight/runPreflight.ts";
import { verdictFor } from "../../../components/providers/handlers/session.ts";

/** What is to be moved. */
export interface CutoverOrder {
  from: DeploymentTarget;
  to: DeploymentTarget;
  runtime: Address;
  endpoint: Address;
  credentials: Credentials;
  /** Without one no backup is taken. */
  backupDirectory?: string;
}

/** What came of it. */
export type CutoverReply = CutoverResult | { error: string };

async function carryOut(order: CutoverOrder): Promise<CutoverResult> {
  const { credentials, runtime, endpoint } = order;
  const [from, to] = await Promise.all([
    connectDeployment(order.from, credentials),
    connectDeployment(order.to, credentials),
  ]);
  return cutOver({
    from,
    to,
    traffic: new Haproxy(runtime),
    endpoint,
    credentials,
    guardrails: DEFAULT_GUARDRAILS,
    verdict: await verdictFor(from, to, { pathPrefix: "" }),
    preflight: () => checkAgain(order),
    backup: async () => {
      if (order.backupDirectory === undefined) return undefined;
      const request = { directory: order.backupDirectory, name: "bench", colour: from.colour };
      return takeBackup(from.primary, operatorLogin(order.from, credentials), request);
    },
    progress: () => undefined,
  });
}

async function checkAgain({ from, to, credentials }: CutoverOrder): Promise<string> {
  const results = await runPreflight({
    live: from,
    standby: to,
    standbyDeployed: true,
    cutover: true,
    credentials,
    guardrails: DEFAULT_GUARDRAILS,
    pathPrefix: "",
  });
  const failed = results.filter(({ outcome }) => outcome === "fail");
  if (failed.length > 0) throw new Error(JSON.stringify(failed));
  return `${results.length} checks passed`;
}

process.once("message", (order: CutoverOrder) => {
  void carryOut(order)
    .catch((error: unknown): CutoverReply => ({
      error: messageOf(error),
    }))
    .then((reply: CutoverReply) => process.send?.(reply));
});
process.on("disconnect", () => process.exit(0));
