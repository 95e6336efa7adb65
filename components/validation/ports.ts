import { operatorPorts, type Arguments, type ColourArguments } from "../arguments.ts";
import { isBridged } from "../bridgeUse.ts";
import { isLoopback } from "../engine/address.ts";
import { COLOURS, type Colour } from "../engine/colour.ts";
import type { Problems } from "./problem.ts";
import type { Range } from "./section.ts";

/** TCP ports. */
export const PORTS: Range = { min: 1, max: 65_535 };

/** A port of this machine that one key asks for. */
interface Claim {
  key: string;
  port: number;
  /** Stands behind the port in messages where the key asks for several. */
  purpose: string;
}

/** Notes ports that two keys ask for, and replicas' ports beyond the last one. */
export function checkPorts(
  problems: Problems,
  { endpoint, bridge }: Pick<Arguments, "endpoint" | "bridge">,
  colours: Partial<Record<Colour, ColourArguments>>,
): void {
  const claims: Claim[] = (["writePort", "readPort", "runtimePort"] as const).map((name) => {
    return { key: `endpoint.${name}`, port: endpoint[name], purpose: "" };
  });
  for (const colour of COLOURS) {
    const args = colours[colour];
    if (args === undefined) continue;
    const claimed = claimsOf(colour, args);
    refuseBeyondLast(problems, claimed);
    claims.push(...claimed);
  }
  if (isBridged({ bridge, ...colours })) {
    refuseAboveLast(problems, bridge.statusPort);
    claims.push({ key: "bridge.statusPort", port: bridge.statusPort, purpose: " for the bridge" });
  }
  refuseShared(problems, claims);
}

/** Where each port of this machine is asked for. */
function claimsOf(colour: Colour, args: ColourArguments): Claim[] {
  if (args.external) {
    // On another host the same port is no clash.
    return isLoopback(args.address.host)
      ? [{ key: `${colour}.address`, port: args.address.port, purpose: " for the existing server" }]
      : [];
  }
  const key = `${colour}.operatorPort`;
  return operatorPorts(args).map((port, i) => {
    return { key, port, purpose: i === 0 ? "" : ` for replica ${i}` };
  });
}

function refuseBeyondLast(problems: Problems, claims: Claim[]): void {
  const [first, last] = [claims[0], claims.at(-1)];
  if (first === undefined || last === undefined || first.port > PORTS.max || last.port <= PORTS.max) return;
  problems.add(last.key, {
    found: `${first.port}, and so ${last.port}${last.purpose}`,
    allowed: `at most ${PORTS.max - (last.port - first.port)} with that many replicas`,
    cure: "set a lower one",
  });
}

/** By default it lies above a port that may be high already. */
function refuseAboveLast(problems: Problems, statusPort: number): void {
  if (statusPort <= PORTS.max) return;
  problems.add("bridge.statusPort", {
    found: `${statusPort} by default`,
    allowed: `a port of at most ${PORTS.max}`,
    cure: "set it",
  });
}

/** One sentence for each two keys, however many ports they share. */
function refuseShared(problems: Problems, claims: Claim[]): void {
  const owners = new Map<number, Claim>();
  const told = new Set<string>();
  for (const claim of claims) {
    const owner = owners.get(claim.port);
    if (owner === undefined) {
      owners.set(claim.port, claim);
      continue;
    }
    const pair = `${owner.key} ${claim.key}`;
    if (told.has(pair)) continue;
    told.add(pair);
    problems.add(claim.key, {
      found: `${claim.port}${claim.purpose}, which ${problems.path(owner.key)} takes${owner.purpose}`,
      allowed: "a port of its own",
      cure: "set another port for one of them",
    });
  }
}
