import { COLOURS, type Colour } from "../../engine/colour.ts";
import { rollbackVerdict, type Verdict } from "../../engine/compatibility/rollbackVerdict.ts";
import { connectDeployment, observeDeployment, type Deployment } from "../../engine/deployment.ts";
import type { DeploymentTarget } from "../../engine/deploymentTarget.ts";
import { linkObstacle } from "../../engine/linkObstacle.ts";
import type { ObservedColours } from "../../engine/cutover/serving.ts";
import { RedisServerError, type RedisServer } from "../../engine/redisServer.ts";
import type { SwitchCredentials } from "../trafficSwitch.ts";

/** Connections to the colours that answer, for the length of one provider call. */
export interface Session {
  deployments: Partial<Record<Colour, Deployment>>;
  /** Why a colour that is deployed didn't answer. */
  unreachable: Partial<Record<Colour, string>>;
  observed: ObservedColours;
  close(): void;
}

/** The target with the login that an existing server needs. */
export function withLogin(target: DeploymentTarget, credentials: SwitchCredentials): DeploymentTarget {
  const login = credentials.existing?.[target.colour];
  return login === undefined ? target : { ...target, login };
}

/** Connects to the colours that are deployed and looks at them. */
export async function openSession(
  targets: Partial<Record<Colour, DeploymentTarget>>,
  credentials: SwitchCredentials,
): Promise<Session> {
  const session: Session = {
    deployments: {},
    unreachable: {},
    observed: {},
    close() {
      for (const deployment of Object.values(session.deployments)) deployment.primary.close();
    },
  };
  await Promise.all(
    COLOURS.map(async (colour) => {
      const target = targets[colour];
      if (target === undefined) return;
      try {
        const deployment = await connectDeployment(withLogin(target, credentials), credentials);
        session.deployments[colour] = deployment;
        session.observed[colour] = await observeDeployment(deployment);
      } catch (error) {
        if (!(error instanceof RedisServerError)) throw error;
        session.unreachable[colour] = error.message;
      }
    }),
  );
  return session;
}

/** Names of the commands that were called on a server since its start, lower case. */
export async function commandsInUse(server: RedisServer): Promise<Set<string>> {
  const stats = await server.info("commandstats");
  return new Set([...stats.keys()].map((name) => name.replace(/^cmdstat_/, "").toLowerCase()));
}

/** What the way back to `old` will be once `next` is live, told from both servers. */
export async function verdictFor(old: Deployment, next: Deployment): Promise<Verdict> {
  const [oldVersion, nextVersion, oldCommands, nextCommands, config, noLinkBecause] = await Promise.all([
    old.primary.version(),
    next.primary.version(),
    commandsInUse(old.primary),
    commandsInUse(next.primary),
    old.primary.configGet("appendonly"),
    linkObstacle(old, next),
  ]);
  return rollbackVerdict(oldVersion, nextVersion, new Set([...oldCommands, ...nextCommands]), {
    oldKeepsAof: config.get("appendonly") === "yes",
    ...(noLinkBecause === undefined ? {} : { noLinkBecause }),
  });
}

/** `lossless (native): why`, as the outputs have it. */
export function verdictText(verdict: Verdict): string {
  return `${verdict.kind}: ${verdict.reason}`;
}
