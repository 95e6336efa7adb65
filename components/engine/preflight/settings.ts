import { fail, pass, type CheckResult } from "./checkResult.ts";
import { seen, seenPair, type ObservedColour, type PreflightFacts } from "./facts.ts";

/** Settings that both colours need alike, or that would defeat what an update does with them. */
export function checkSettings(facts: PreflightFacts): CheckResult[] {
  return [
    ...checkDatabases(facts),
    ...[facts.live, facts.standby].flatMap((colour) => (colour === undefined ? [] : checkFence(colour))),
  ];
}

/** A server ends where a copy has a database that it doesn't have, and applies the rest of a stream to the wrong one. */
function checkDatabases(facts: PreflightFacts): CheckResult[] {
  const pair = seenPair(facts);
  const [live, standby] = [pair?.live.config.get("databases"), pair?.standby.config.get("databases")];
  if (live === undefined || standby === undefined) return [];
  const figure = `${live} live, ${standby} standby`;
  if (Number(standby) >= Number(live)) return [pass("databases", figure)];
  const { colour } = facts.standby?.target ?? facts.live.target;
  const path = `${facts.input.pathPrefix}${colour}`;
  const cure = `remove ${path}, run pulumi up, and add it again with redis: { databases: ${live} } and, with the same version, reseed: true`;
  return [fail("databases", figure, cure)];
}

/** With 0 Redis doesn't look at `min-replicas-to-write`, which closes a colour. */
function checkFence(colour: ObservedColour): CheckResult[] {
  if (seen(colour)?.config.get("min-replicas-max-lag") !== "0") return [];
  const name = `${colour.target.colour} fence`;
  const figure = "min-replicas-max-lag is 0, so that it would take writes while it is closed";
  return [fail(name, figure, "set it to 10 (CONFIG SET, then CONFIG REWRITE)")];
}
