import { formatAddress } from "../address.ts";
import { formatVersion } from "../serverVersion.ts";
import { fail, pass, type CheckResult } from "./checkResult.ts";
import type { ObservedColour, PreflightFacts } from "./facts.ts";

/** Whether both colours answered and let the operator do what an update needs. */
export function checkReachability(facts: PreflightFacts): CheckResult[] {
  return [facts.live, facts.standby].flatMap((colour) =>
    colour === undefined ? [] : [checkReachable(facts, colour), ...checkRights(colour)],
  );
}

function checkReachable(facts: PreflightFacts, { target, observed }: ObservedColour): CheckResult {
  const name = `${target.colour} reachable`;
  if ("unreachable" in observed)
    return fail(name, observed.unreachable, cureFor(target.colour, observed.unreachable, facts));
  const address = formatAddress(target.primary.operator);
  return pass(name, `${formatVersion(observed.version)} at ${address} answers the operator`);
}

/** The system's and the server's reasons; a connection that was merely closed leaves both open. */
function cureFor(colour: string, problem: string, { input: { pathPrefix } }: PreflightFacts): string {
  const login = `check the operator's login for ${colour} (${pathPrefix}auth, or the one given with an existing server's address)`;
  const address = `start ${colour}'s server, or correct its address in ${pathPrefix}${colour}`;
  if (/WRONGPASS|NOAUTH|NOPERM|invalid username-password/i.test(problem)) return login;
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/.test(problem)) return address;
  return `${address}; if it runs, ${login}`;
}

function checkRights({ target, observed }: ObservedColour): CheckResult[] {
  if ("unreachable" in observed || observed.denied.length === 0) return [];
  return [
    fail(
      `${target.colour} rights`,
      `the operator's user may not run ${observed.denied.join(", ")}`,
      `grant it with ACL SETUSER, or name another user for ${target.colour}`,
    ),
  ];
}
