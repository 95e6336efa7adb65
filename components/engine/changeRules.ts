import { COLOURS, otherColour, type Colour } from "./colour.ts";
import { canReplicate } from "./compatibility/matrix.ts";
import { compareVersions, type ServerVersion } from "./serverVersion.ts";

/** What of one colour can't change while its server runs. */
export interface ColourSpec {
  /** An existing server's address; then nothing else is there. */
  address?: string;
  product?: string;
  version?: string;
  image?: string;
  persistence?: string;
  redis?: Record<string, string>;
  operatorPort?: number;
  replicas?: number;
  /** Limit of a server's container, MiB. */
  memory?: number;
}

/** What an update asks for. */
export interface ChangeRequest {
  live: Colour;
  blue?: ColourSpec;
  green?: ColourSpec;
  /** A bridge copies where the standby can't. */
  bridged?: boolean;
}

/** A refused change, named by its config path. */
export interface ChangeProblem {
  path: string;
  reason: string;
}

/**
 * Parts of a spec that are born with the server: its first configuration is written once, and its volume is named after
 * its version. Replicas may come and go beside it.
 */
const BORN_WITH: readonly (keyof ColourSpec)[] = [
  "address",
  "product",
  "version",
  "persistence",
  "redis",
  "operatorPort",
];

/** The ones of them with which it finds its volume again, and on it the data that it had. */
const KEEPS_VOLUME: readonly (keyof ColourSpec)[] = ["persistence", "redis", "operatorPort"];

/** Parts whose change restarts or replaces the server; a standby may get another image of the same version. */
const FIXED: readonly (keyof ColourSpec)[] = [...BORN_WITH, "image"];

/**
 * Refuses what would restart, replace or remove the live server, or take two steps at once, and a new standby that
 * can't copy the live colour. All problems at once.
 * @param before the last update, without colours that it failed to deploy; absent before the first one
 */
export function changeProblems(before: ChangeRequest | undefined, after: ChangeRequest): ChangeProblem[] {
  if (before === undefined || COLOURS.every((colour) => before[colour] === undefined)) {
    return pairProblems(undefined, after);
  }
  return [
    ...removalProblems(before, after),
    ...liveProblems(before, after),
    ...standbyProblems(before, after),
    ...pairProblems(before, after),
  ];
}

function removalProblems(before: ChangeRequest, after: ChangeRequest): ChangeProblem[] {
  const removed = COLOURS.filter((colour) => before[colour] !== undefined && after[colour] === undefined);
  if (removed.length === 0 || before.live === after.live) return [];
  return removed.map((colour) => ({
    path: colour,
    reason: `live changes from ${before.live} to ${after.live} and ${colour} is removed in the same update; a cutover keeps both colours, so that there is a way back. Put ${colour} back, run pulumi up, and remove it in a later update`,
  }));
}

function liveProblems(before: ChangeRequest, after: ChangeRequest): ChangeProblem[] {
  const colour = before.live;
  const [old, now] = [before[colour], after[colour]];
  if (old === undefined || now === undefined) return [];
  const instead = `Leave it as it was, add the change to ${otherColour(colour)}, and make ${otherColour(colour)} live with a cutover`;
  const fixed = changedKeys(FIXED, old, now).map((key) => ({
    path: `${colour}.${key}`,
    reason: `${colour} is live, and changing this from ${show(old[key])} to ${show(now[key])} would restart or replace the live server. ${instead}`,
  }));
  // Docker sets it at once, and the kernel ends a server that has more.
  const isLess = old.memory !== undefined && now.memory !== undefined && now.memory < old.memory;
  if (!isLess) return fixed;
  const reason = `${colour} is live, and lowering its limit from ${show(old.memory)} to ${show(now.memory)} MiB could end it. ${instead}`;
  return [...fixed, { path: `${colour}.memory`, reason }];
}

function standbyProblems(before: ChangeRequest, after: ChangeRequest): ChangeProblem[] {
  const standby = otherColour(before.live);
  const [old, now] = [before[standby], after[standby]];
  if (after.live === standby && old === undefined) {
    return [
      {
        path: "live",
        reason: `${standby} is not deployed yet and can't be made live in the update that creates it. Set live: ${before.live}, run pulumi up so that ${standby} is in sync, then set live: ${standby}`,
      },
    ];
  }
  if (old === undefined || now === undefined) return [];
  const born = changedKeys(BORN_WITH, old, now).map((key) => inPlaceProblem(standby, key, old, now));
  if (after.live !== standby || sameValue(old.image, now.image)) return born;
  return [
    ...born,
    {
      path: `${standby}.image`,
      reason: `${standby} is made live in the same update; a changed server has to be in sync first. Run pulumi up with live: ${before.live}, then set live: ${standby}`,
    },
  ];
}

function inPlaceProblem(
  colour: Colour,
  key: keyof ColourSpec,
  old: ColourSpec,
  now: ColourSpec,
): ChangeProblem {
  const path = `${colour}.${key}`;
  const again = `Remove ${colour}, run pulumi up, which takes a last backup of it, and add it again`;
  if (key === "version" && isDowngrade(old, now)) {
    return {
      path,
      reason: `${colour} would go from ${show(old.version)} down to ${show(now.version)} in place; an older server can't read the newer one's files. ${again} with ${show(now.version)}`,
    };
  }
  return {
    path,
    reason: `${colour} is deployed, and this is fixed from its birth: it can't change from ${show(old[key])} to ${show(now[key])} in place. ${again} with the change${KEEPS_VOLUME.includes(key) ? " and reseed: true, as its volume is kept" : ""}`,
  };
}

function isDowngrade(old: ColourSpec, now: ColourSpec): boolean {
  if (old.product !== now.product || old.version === undefined || now.version === undefined) return false;
  return compareVersions(now.version, old.version) < 0;
}

/** A standby that starts empty takes a full copy of the live colour; one that was live before needs none. */
function pairProblems(before: ChangeRequest | undefined, after: ChangeRequest): ChangeProblem[] {
  const colour = otherColour(after.live);
  const [old, live, standby] = [before?.[colour], versionOf(after[after.live]), versionOf(after[colour])];
  if (live === undefined || standby === undefined || after.bridged === true) return [];
  if (old !== undefined && sameValue(versionOf(old), standby)) return [];
  const copy = canReplicate(live, standby);
  if (copy.ok) return [];
  return [
    {
      path: `${colour}.version`,
      reason: `${colour} starts empty and can't copy ${after.live}: ${copy.reason}. Set a version that can, as a rule a newer one of the same product`,
    },
  ];
}

/** The configured version; absent for an existing server, which preflight asks. */
function versionOf(spec: ColourSpec | undefined): ServerVersion | undefined {
  if (spec?.version === undefined) return undefined;
  return { product: spec.product === "valkey" ? "valkey" : "redis", version: spec.version };
}

function changedKeys(
  keys: readonly (keyof ColourSpec)[],
  old: ColourSpec,
  now: ColourSpec,
): (keyof ColourSpec)[] {
  return keys.filter((key) => !sameValue(old[key], now[key]));
}

function sameValue(a: unknown, b: unknown): boolean {
  return stable(a) === stable(b);
}

/** JSON with sorted keys, so that equal settings are equal text. */
export function stable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : typeof value === "string" ? `"${value}"` : stable(value);
}
