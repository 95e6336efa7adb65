import { OWN_USERS } from "../users.ts";
import { pass, warn, type CheckResult } from "./checkResult.ts";
import { forCutover, seen, seenPair, type ObservedColour, type Pair, type PreflightFacts } from "./facts.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/** Who uses live: connections through the proxy and past it, blocking commands, users that only live knows. */
export function checkClients(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  if (live === undefined) return [];
  return [
    checkConnections(facts, live),
    checkBlocked(live),
    ...checkUsers(facts),
    ...[facts.live, facts.standby].flatMap((colour) =>
      colour === undefined ? [] : checkLogin(facts, colour),
    ),
    ...checkPasswords(facts),
    ...checkReplicationPassword(facts),
  ];
}

/** Without the same login on both colours, a cutover turns every client away. */
function checkLogin(facts: PreflightFacts, { target, applicationRefused }: ObservedColour): CheckResult[] {
  if (!target.external) return [];
  const name = `${target.colour} clients' login`;
  if (applicationRefused === undefined) return [pass(name, "auth.applicationUser and its password get in")];
  const auth = `${facts.input.pathPrefix}auth.`;
  const cure = `set ${auth}applicationUser and ${auth}applicationPassword to what clients log in with there`;
  return [forCutover(facts, name, applicationRefused, cure)];
}

/** Feeding closes the clients' user out, since a fence would refuse the bridge as well. */
function checkBesideBridge({ input, live }: PreflightFacts, pair: Pair): CheckResult[] {
  const closedOut = ["default", pair.live.application?.name];
  const others = pair.live.users.filter((user) => !OWN_USERS.has(user) && !closedOut.includes(user));
  if (input.bridge === undefined || others.length === 0) return [];
  const { colour } = live.target;
  return [
    warn(
      "ACL users",
      `${others.join(", ")} on ${colour}, beside the clients' user`,
      `while the bridge feeds ${colour}, let none of them write to it directly: a rollback would lose it`,
    ),
  ];
}

/** A password in config reaches servers at their birth only: two colours may have been born with two. */
function checkPasswords(facts: PreflightFacts): CheckResult[] {
  const pair = seenPair(facts);
  if (pair === undefined || facts.live.target.external || facts.standby?.target.external !== false) return [];
  const [known, wanted] = [pair.live.application, pair.standby.application];
  if (known === undefined || wanted === undefined) return [];
  const name = "clients' passwords";
  const getIn =
    wanted.nopass || (!known.nopass && known.passwords.every((hash) => wanted.passwords.includes(hash)));
  if (getIn) return [pass(name, "what gets in on live gets in on the standby")];
  const { colour } = facts.standby.target;
  return [
    forCutover(
      facts,
      name,
      `${colour} was born with another auth.applicationPassword, and would turn clients away`,
      `remove ${facts.input.pathPrefix}${colour}, run pulumi up, and add it again with the password that clients use and, with the same version, reseed: true; or give it to ${colour} by hand (ACL SETUSER, then CONFIG REWRITE)`,
    ),
  ];
}

/** With another one than it was born with, a colour lets nobody follow it: a cutover to it would lose its way back. */
function checkReplicationPassword(facts: PreflightFacts): CheckResult[] {
  const known = [facts.live, facts.standby].flatMap((found) => {
    const user = seen(found)?.replicaUser;
    return found === undefined || user === undefined || found.target.external
      ? []
      : [{ colour: found.target.colour, user }];
  });
  if (known.length === 0) return [];
  const name = "replicas' password";
  const path = `${facts.input.pathPrefix}auth.replicationPassword`;
  const others = known.filter(
    ({ user }) => !user.nopass && !user.passwords.includes(facts.replicationPassword),
  );
  if (others.length === 0) return [pass(name, "gets in wherever a colour is followed")];
  return [
    forCutover(
      facts,
      name,
      `${others.map(({ colour }) => colour).join(" and ")} takes another one than ${path}, and could not be followed`,
      `set it back to what the servers were born with, since a change is not carried to them`,
    ),
  ];
}

function checkConnections(facts: PreflightFacts, { clients }: ServerSnapshot): CheckResult {
  const name = "clients";
  const { proxySessions } = facts.input;
  if (proxySessions === undefined) return pass(name, `${clients.application} connected`);
  // The proxy counts sessions a moment before the server counts connections.
  const direct = Math.max(0, clients.application - proxySessions);
  const figure = `${clients.application} connected, ${direct} of them not through the proxy`;
  if (direct === 0) return pass(name, figure);
  return warn(
    name,
    figure,
    "connect them to the write endpoint: a cutover can't move the others, they would get READONLY",
  );
}

function checkBlocked({ clients }: ServerSnapshot): CheckResult {
  const name = "blocked clients";
  if (clients.blocked === 0) return pass(name, "0");
  return warn(
    name,
    String(clients.blocked),
    "a cutover closes the connections on which they wait in BLPOP, XREADGROUP and the like; they must ask again",
  );
}

function checkUsers(facts: PreflightFacts): CheckResult[] {
  const pair = seenPair(facts);
  if (pair === undefined) return [];
  const missing = pair.live.users.filter(
    (user) => !OWN_USERS.has(user) && !pair.standby.users.includes(user),
  );
  if (missing.length === 0) {
    return [pass("ACL users", "every user of live exists on the standby"), ...checkBesideBridge(facts, pair)];
  }
  return [
    ...checkBesideBridge(facts, pair),
    warn(
      "ACL users",
      `${missing.join(", ")} on live only`,
      "clients that log in so are refused after the cutover: create them on the standby",
    ),
  ];
}
