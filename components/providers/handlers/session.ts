import type { BridgeTarget } from "../../engine/bridgeTarget.ts";
import { unrepresentableOn } from "../../engine/bridge/statusClient.ts";
import { COLOURS, type Colour } from "../../engine/colour.ts";
import type { Verdict } from "../../engine/compatibility/rollbackVerdict.ts";
import { wayBack, witnessOf } from "../../engine/compatibility/wayBack.ts";
import { connectDeployment, observeDeployment, type Deployment } from "../../engine/deployment.ts";
import type { DeploymentTarget } from "../../engine/deploymentTarget.ts";
import { linkObstacle } from "../../engine/linkObstacle.ts";
import type { ObservedColours } from "../../engine/cutover/serving.ts";
import { takeOverConnections } from "../../engine/ownConnections.ts";
import { RedisServerError } from "../../engine/redisServer.ts";
import type { SwitchCredentials } from "../trafficSwitch.ts";
import { beginSession } from "./engineWatch.ts";

/** Connections to the colours that answer, for the length of one provider call. */
export interface Session {
  deployments: Partial<Record<Colour, Deployment>>;
  /** Why a colour that is deployed didn't answer. */
  unreachable: Partial<Record<Colour, string>>;
  observed: ObservedColours;
  close(): void;
}

/** `change` ends what an update before this one may have left on its way to the servers. */
export type Intent = "look" | "change";

/** The target with the login that an existing server needs. */
export function withLogin(target: DeploymentTarget, credentials: SwitchCredentials): DeploymentTarget {
  const login = credentials.existing?.[target.colour];
  return login === undefined ? target : { ...target, login };
}

/** Connects to the colours that are deployed and looks at them. */
export async function openSession(
  targets: Partial<Record<Colour, DeploymentTarget>>,
  credentials: SwitchCredentials,
  intent: Intent,
): Promise<Session> {
  const ended = beginSession();
  const session: Session = {
    deployments: {},
    unreachable: {},
    observed: {},
    close() {
      for (const deployment of Object.values(session.deployments)) deployment.primary.close();
      ended();
    },
  };
  const joining = COLOURS.map((colour) => join(session, colour, targets[colour], credentials, intent));
  const failed = (await Promise.allSettled(joining)).find((outcome) => outcome.status === "rejected");
  if (failed === undefined) return session;
  session.close();
  throw failed.reason;
}

/** Connects to one colour, where it is deployed and answers, and looks at it. */
async function join(
  session: Session,
  colour: Colour,
  target: DeploymentTarget | undefined,
  credentials: SwitchCredentials,
  intent: Intent,
): Promise<void> {
  if (target === undefined) return;
  let deployment: Deployment | undefined;
  try {
    deployment = await connectDeployment(withLogin(target, credentials), credentials);
    if (intent === "change") await takeOverConnections(deployment.primary);
    session.observed[colour] = await observeDeployment(deployment);
    session.deployments[colour] = deployment;
  } catch (error) {
    deployment?.primary.close();
    if (!(error instanceof RedisServerError)) throw error;
    session.unreachable[colour] = error.message;
  }
}

/** What a verdict needs to know beside the servers. */
export interface VerdictContext {
  /** Prefix of config paths in the verdict's reason. */
  pathPrefix: string;
  /** Absent: there is none. */
  bridge?: BridgeTarget;
}

/** What the way back to `old` will be once `next` is live, told from both servers and the bridge. */
export async function verdictFor(
  old: Deployment,
  next: Deployment,
  { pathPrefix, bridge }: VerdictContext,
): Promise<Verdict> {
  const [oldInfo, nextInfo, obstacle, unrepresentable] = await Promise.all([
    old.primary.info("everything"),
    next.primary.info("everything"),
    linkObstacle(old, next, pathPrefix),
    bridge && unrepresentableOn(old, bridge.status),
  ]);
  return wayBack(witnessOf(oldInfo), witnessOf(nextInfo), {
    ...(bridge === undefined ? {} : { bridge: bridge.use }),
    ...(obstacle === undefined ? {} : { noLinkBecause: obstacle.reason }),
    ...(unrepresentable === undefined ? {} : { unrepresentable }),
  });
}

/** `lossless (native): why`, as the outputs have it. */
export function verdictText(verdict: Verdict): string {
  return `${verdict.kind}: ${verdict.reason}`;
}
