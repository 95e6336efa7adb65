import { COLOURS, type Colour } from "./colour.ts";
import { compareVersions } from "./serverVersion.ts";

/** What of one colour can't change while it serves: a change would restart or replace its server. */
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
}

/** What an update asks for. */
export interface ChangeRequest {
  live: Colour;
  blue?: ColourSpec;
  green?: ColourSpec;
}

/** A refused change, named by its config path. */
export interface ChangeProblem {
  path: string;
  reason: string;
}

/** Parts of a spec that are born with the server; replicas may come and go beside it. */
const FIXED: readonly (keyof ColourSpec)[] = [
  "address",
  "product",
  "version",
  "image",
  "persistence",
  "redis",
  "operatorPort",
];

/** Refuses what would restart, replace or remove the live server, or take two steps at once. All problems at once. */
export function changeProblems(before: ChangeRequest, after: ChangeRequest): ChangeProblem[] {
  return [
    ...removalProblems(before, after),
    ...liveProblems(before, after),
    ...standbyProblems(before, after),
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
  const other = colour === "blue" ? "green" : "blue";
  return FIXED.filter((key) => !sameValue(old[key], now[key])).map((key) => ({
    path: `${colour}.${key}`,
    reason: `${colour} is live, and changing this from ${show(old[key])} to ${show(now[key])} would restart or replace the live server. Leave it as it was, add the change to ${other}, and make ${other} live with a cutover`,
  }));
}

function standbyProblems(before: ChangeRequest, after: ChangeRequest): ChangeProblem[] {
  const problems: ChangeProblem[] = [];
  const standby: Colour = before.live === "blue" ? "green" : "blue";
  const [old, now] = [before[standby], after[standby]];
  if (after.live === standby && old === undefined) {
    problems.push({
      path: "live",
      reason: `${standby} is not deployed yet and can't be made live in the update that creates it. Set live: ${before.live}, run pulumi up so that ${standby} is in sync, then set live: ${standby}`,
    });
  }
  if (old === undefined || now === undefined) return problems;
  if (after.live === standby) {
    for (const key of FIXED.filter((name) => !sameValue(old[name], now[name]))) {
      problems.push({
        path: `${standby}.${key}`,
        reason: `${standby} is made live in the same update; a changed server has to be in sync first. Run pulumi up with live: ${before.live}, then set live: ${standby}`,
      });
    }
  }
  if (old.product === now.product && old.version !== undefined && now.version !== undefined) {
    if (compareVersions(now.version, old.version) < 0) {
      problems.push({
        path: `${standby}.version`,
        reason: `${standby} would go from ${old.version} down to ${now.version} in place; an older server can't read the newer one's files. Remove ${standby}, run pulumi up, and add it again with ${now.version}`,
      });
    }
  }
  return problems;
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
