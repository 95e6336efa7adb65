import type { BridgeTarget } from "../bridgeTarget.ts";
import type { BridgeStatus } from "../bridge/bridgeStatus.ts";
import type { Colour } from "../colour.ts";
import type { Credentials } from "../credentials.ts";
import type { DeploymentTarget } from "../deploymentTarget.ts";
import type { Guardrails } from "../guardrails.ts";
import type { ServerVersion } from "../serverVersion.ts";
import { fail, warn, type CheckResult } from "./checkResult.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/** What the checks are run on. */
export interface PreflightInput {
  live: DeploymentTarget;
  /** The other colour, deployed or about to be; absent: only the live one is looked at. */
  standby?: DeploymentTarget;
  /** The standby's servers exist, so that they can be asked. */
  standbyDeployed: boolean;
  /** The update is a cutover to the standby: what would make that unsafe fails instead of warning. */
  cutover: boolean;
  /** The cutover begins a rehearsal: the live colour is to take writes again. Default false. */
  comesBack?: boolean;
  credentials: Credentials;
  guardrails: Guardrails;
  /** Prefix of config paths in cures. */
  pathPrefix: string;
  /** Client sessions that the proxy has on the live colour; absent: unknown. */
  proxySessions?: number;
  /** Absent: there is none. */
  bridge?: BridgeTarget;
  /** Memory limit of a colour's servers in bytes; absent: the machine's memory. */
  memoryLimits?: Partial<Record<Colour, number>>;
}

/** A colour that was asked: what it is meant to be, and how it looked or why it could not be looked at. */
export interface ObservedColour {
  target: DeploymentTarget;
  observed: ServerSnapshot | { unreachable: string };
  /** What an existing server answered to the login that clients use on the other colour, if it refused it. */
  applicationRefused?: string;
}

/** Everything that the checks judge; they are pure functions of it. */
export interface PreflightFacts {
  input: Omit<PreflightInput, "credentials">;
  /** SHA-256 of the password that servers are told to follow each other with. */
  replicationPassword: string;
  live: ObservedColour;
  /** Absent where the standby isn't deployed. */
  standby?: ObservedColour;
  /** What the bridge says of itself; absent where it doesn't answer, or there is none. */
  bridge?: BridgeStatus;
  /** Why live could not follow the standby after a cutover, whatever their versions. */
  noLinkBecause?: string;
}

/** Both colours, where both answered; what checks that compare them work on. */
export interface Pair {
  live: ServerSnapshot;
  standby: ServerSnapshot;
}

/** The snapshot of a colour that answered. */
export function seen(colour: ObservedColour | undefined): ServerSnapshot | undefined {
  return colour === undefined || "unreachable" in colour.observed ? undefined : colour.observed;
}

/** Both snapshots, if there are both. */
export function seenPair(facts: PreflightFacts): Pair | undefined {
  const [live, standby] = [seen(facts.live), seen(facts.standby)];
  return live === undefined || standby === undefined ? undefined : { live, standby };
}

/** What stops a cutover, but not the update that mends it. */
export function forCutover(
  { input }: Pick<PreflightFacts, "input">,
  name: string,
  figure: string,
  cure: string,
): CheckResult {
  return (input.cutover ? fail : warn)(name, figure, cure);
}

/** Whether clients don't write to the live colour any more after this update. */
export function isLeft({ cutover, comesBack = false }: PreflightFacts["input"]): boolean {
  return cutover && !comesBack;
}

/** What to do where the standby can't get any more what the live colour has taken. */
export function leaveLiveCure({ live, standby, input }: PreflightFacts): string {
  const { colour, external } = live.target;
  const { pathPrefix } = input;
  const stay = `it can't copy ${colour}, and making it live would lose what ${colour} has taken since. Leave live: ${colour}; the way back is by backup only (${pathPrefix}backup)`;
  if (standby === undefined || external || standby.target.external) return stay;
  return `${stay}, until ${pathPrefix}bridge.use: always and ${pathPrefix}${standby.target.colour}.reseed: true have the bridge copy everything again`;
}

/** What the standby is, or will be once it is deployed. */
export function standbyVersion(facts: PreflightFacts): ServerVersion | undefined {
  const observed = seen(facts.standby);
  if (observed !== undefined) return observed.version;
  const target = facts.input.standby;
  return target?.version === undefined ? undefined : { product: target.product, version: target.version };
}
