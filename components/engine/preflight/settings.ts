import { isFed } from "../gate.ts";
import { fail, pass, warn, type CheckResult } from "./checkResult.ts";
import { seen, seenPair, type ObservedColour, type PreflightFacts } from "./facts.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/**
 * What clients notice where it differs. From 6.0 on every release has the same default for each, and for each of the
 * limits (measured: Redis 6.0.16, 7.0.15, 8.0.2, 8.6.3, Valkey 8.1, 9.1), so that what differs was set by somebody.
 */
const NOTICED = ["lua-time-limit", "maxmemory-policy", "notify-keyspace-events", "timeout"] as const;
/** What clients notice where it is lower. */
const LIMITS = ["client-query-buffer-limit", "maxclients", "maxmemory", "proto-max-bulk-len"] as const;

/** The directives that these checks read. */
export const CHECKED_SETTINGS = ["databases", "min-replicas-max-lag", ...NOTICED, ...LIMITS] as const;

/** Settings that both colours need alike, or that would defeat what an update does with them. */
export function checkSettings(facts: PreflightFacts): CheckResult[] {
  return [
    ...checkDatabases(facts),
    ...checkNoticed(facts),
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

/** What was set on the live server by hand is in nobody's configuration but its own. */
function checkNoticed(facts: PreflightFacts): CheckResult[] {
  const pair = seenPair(facts);
  if (pair === undefined || facts.standby === undefined) return [];
  const [live, standby] = [facts.live.target.colour, facts.standby.target.colour];
  const known = [...NOTICED, ...LIMITS].flatMap((setting) => {
    const [here, there] = [settingOf(pair.live, setting), settingOf(pair.standby, setting)];
    return here === undefined || there === undefined ? [] : [{ setting, here, there }];
  });
  if (known.length === 0) return [];
  const name = "settings";
  const worse = known.filter(({ setting, here, there }) =>
    isLimit(setting) ? limitOf(there) < limitOf(here) : there !== here,
  );
  if (worse.length === 0)
    return [pass(name, `${known.length} that clients notice: alike, or higher on ${standby}`)];
  const figures = worse.map(
    ({ setting, here, there }) => `${setting} ${quote(here)} on ${live}, ${quote(there)} on ${standby}`,
  );
  return [warn(name, figures.join("; "), `if that isn't meant, CONFIG SET and CONFIG REWRITE on ${standby}`)];
}

/** While the bridge feeds a server, it has no limit of memory; its own is noted. */
function settingOf({ config, gate }: ServerSnapshot, name: string): string | undefined {
  if (isFed(gate) && name === "maxmemory") return gate.fed?.limit?.bytes;
  if (isFed(gate) && name === "maxmemory-policy") return gate.fed?.limit?.policy;
  return config.get(name);
}

function isLimit(name: string): boolean {
  return (LIMITS as readonly string[]).includes(name);
}

/** A limit of 0 is none. */
function limitOf(value: string): number {
  return Number(value) || Infinity;
}

function quote(value: string): string {
  return value === "" ? '""' : value;
}

/** With 0 Redis doesn't look at `min-replicas-to-write`, which closes a colour. */
function checkFence(colour: ObservedColour): CheckResult[] {
  if (seen(colour)?.config.get("min-replicas-max-lag") !== "0") return [];
  const name = `${colour.target.colour} fence`;
  const figure = "min-replicas-max-lag is 0, so that it would take writes while it is closed";
  return [fail(name, figure, "set it to 10 (CONFIG SET, then CONFIG REWRITE)")];
}
