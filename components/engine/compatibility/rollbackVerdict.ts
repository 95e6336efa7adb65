import type { BridgeTarget } from "../bridgeTarget.ts";
import { atLeast, formatVersion, type ServerVersion } from "../serverVersion.ts";
import { commandsUnknownTo } from "./commandIntroduced.ts";
import { canReplicate, minorOf, rdbVersionOf, sameMinor } from "./matrix.ts";
import { optionsUnknownTo } from "./optionIntroduced.ts";

/** What the way back will be, and why. */
export interface Verdict {
  /**
   * `lossless (native)`: the old server follows the newer one by REPLICAOF. `lossless (translated)`: the bridge writes to
   * the old one what it understands. `lossy`: as that, but some data has no form there. `backup only`: writes since the
   * cutover are lost.
   */
  kind: "lossless (native)" | "lossless (translated)" | "lossy" | "backup only";
  /** One sentence without a full stop. */
  reason: string;
  /** What would end the verdict later, or can't be seen from outside: sentences. */
  warnings: string[];
}

/** What the verdict can't know from versions and commands. */
export interface VerdictOptions {
  /** The old server writes an append-only file: after its own restart it can't continue the link. */
  oldKeepsAof?: boolean;
  /** A bridge stands by that translates where that is needed, or always. */
  bridge?: BridgeTarget["use"];
  /** What the old server has no form for, of what the newer one holds; absent: nothing is known of any. */
  unrepresentable?: string;
  /** Why the old server can't follow the newer one whatever their versions, e.g. because it can't reach it. */
  noLinkBecause?: string;
}

/**
 * Newer releases whose emitted commands an old one applies without a difference, as long as the application keeps to
 * commands of the old one. Each pair was measured case by case over a link continued by partial resync.
 */
const NATIVE_BACK: ReadonlyMap<string, readonly string[]> = new Map([
  ["redis 7.0", ["redis 7.2", "redis 8.0", "redis 8.6", "valkey 8.1", "valkey 9.1"]],
  // A form that 7.0 applies, 7.2 and 7.4 apply as well: no release has withdrawn one.
  ["redis 7.2", ["redis 7.4", "redis 8.0", "redis 8.6", "valkey 8.1", "valkey 9.1"]],
  ["redis 7.4", ["redis 8.0", "redis 8.6"]],
  ["redis 8.0", ["redis 8.6"]],
  ["valkey 8.1", ["valkey 9.1"]],
]);

/** Commands that carry a payload in the RDB version of the server that made it, which an older RDB version rejects. */
const PAYLOAD_COMMANDS: readonly string[] = ["function|restore", "restore", "restore-asking"];

/**
 * What a rollback from `newer` to `old` will be, once `newer` is live.
 *
 * @param old the colour that a rollback goes back to
 * @param newer the colour that a cutover makes live
 * @param commandsInUse names from INFO commandstats of the live server, whichever it is: lower case, without prefix
 */
export function rollbackVerdict(
  old: ServerVersion,
  newer: ServerVersion,
  commandsInUse: ReadonlySet<string>,
  options: VerdictOptions = {},
): Verdict {
  const obstacle =
    options.noLinkBecause ?? streamObstacle(old, newer, commandsInUse) ?? choiceObstacle(old, newer, options);
  const warnings = applicationWarnings(old, newer, commandsInUse);
  if (obstacle !== undefined && options.bridge !== undefined && options.noLinkBecause === undefined) {
    return translated(obstacle, warnings, options.unrepresentable);
  }
  if (obstacle !== undefined) return { kind: "backup only", reason: obstacle, warnings };
  warnings.push(...linkWarnings(old, newer, commandsInUse, options));
  return { kind: "lossless (native)", reason: nativeReason(old, newer), warnings };
}

function translated(obstacle: string, warnings: string[], unrepresentable: string | undefined): Verdict {
  return unrepresentable === undefined
    ? { kind: "lossless (translated)", reason: `the bridge translates, as ${obstacle}`, warnings }
    : { kind: "lossy", reason: unrepresentable, warnings };
}

/** Whether writes are lost by a rollback, so that the user has to agree to the cutover. */
export function losesWrites({ kind }: Pick<Verdict, "kind">): boolean {
  return kind === "lossy" || kind === "backup only";
}

/**
 * Whether a pair needs the bridge: one of the two can neither take full copies of the other nor go on from its backlog,
 * whatever the application does. Not of releases that nothing is known of: it would have to guess what they understand.
 */
export function needsBridge(a: ServerVersion, b: ServerVersion): boolean {
  const links = (leader: ServerVersion, follower: ServerVersion): boolean =>
    isForward(leader, follower) || isMeasuredBack(follower, leader);
  const isKnown = [a, b].every((version) => rdbVersionOf(version) !== undefined);
  return isKnown && (!links(a, b) || !links(b, a));
}

/** Whether `replica` follows `master` as replication is meant to go: to the same release or a newer one. */
export function isForward(master: ServerVersion, replica: ServerVersion): boolean {
  if (sameMinor(master, replica)) return true;
  const newEnough =
    master.product === replica.product
      ? atLeast(minorOf(replica.version), minorOf(master.version))
      : // Valkey is a fork of Redis 7.2 and takes everything up to it; nothing goes the other way by design.
        master.product === "redis";
  return newEnough && canReplicate(master, replica).ok;
}

function choiceObstacle(
  old: ServerVersion,
  newer: ServerVersion,
  { bridge }: VerdictOptions,
): string | undefined {
  return bridge === "always" && !isForward(newer, old) ? "it is to be used always" : undefined;
}

/** Why `old` can't apply what `newer` emits. */
function streamObstacle(
  old: ServerVersion,
  newer: ServerVersion,
  commandsInUse: ReadonlySet<string>,
): string | undefined {
  if (isForward(newer, old)) return undefined;
  return (
    versionObstacle(old, newer) ??
    unknownCommandObstacle(old, commandsInUse) ??
    floatObstacle(old, newer, commandsInUse) ??
    payloadObstacle(old, newer, commandsInUse)
  );
}

function versionObstacle(old: ServerVersion, newer: ServerVersion): string | undefined {
  if (isMeasuredBack(old, newer)) return undefined;
  const [from, to] = [formatVersion(newer), formatVersion(old)];
  if (old.product === "redis" && !atLeast(old.version, "6.2")) {
    return `${to} ignores SET … PXAT, which ${from} emits for every SET with an expiry, so its data would drift silently`;
  }
  if (old.product === "redis" && !atLeast(old.version, "7.0")) {
    return `${to} rejects forms that ${from} emits, such as XGROUP SETID … ENTRIESREAD, so its data would drift`;
  }
  return `what ${from} emits is not measured on ${to}`;
}

function isMeasuredBack(old: ServerVersion, newer: ServerVersion): boolean {
  return NATIVE_BACK.get(releaseOf(old))?.includes(releaseOf(newer)) ?? false;
}

function releaseOf(server: ServerVersion): string {
  return `${server.product} ${minorOf(server.version)}`;
}

function unknownCommandObstacle(old: ServerVersion, commandsInUse: ReadonlySet<string>): string | undefined {
  const writes = commandsUnknownTo(old, commandsInUse).filter(({ effect }) => effect === "write");
  if (writes.length === 0) return undefined;
  return `${formatVersion(old)} does not know ${nameList(writes)}, which the application uses`;
}

/** Redis 8.6 emits `HSETEX key KEEPTTL` for HINCRBYFLOAT; 7.4 and older don't know that form. */
function floatObstacle(
  old: ServerVersion,
  newer: ServerVersion,
  commandsInUse: ReadonlySet<string>,
): string | undefined {
  const emitted = newer.product === "redis" && atLeast(newer.version, "8.6");
  const understood = old.product === "redis" && atLeast(old.version, "8.0");
  if (!commandsInUse.has("hincrbyfloat") || !emitted || understood) return undefined;
  return `the application uses HINCRBYFLOAT, which ${formatVersion(newer)} emits as HSETEX, which ${formatVersion(old)} rejects`;
}

function payloadObstacle(
  old: ServerVersion,
  newer: ServerVersion,
  commandsInUse: ReadonlySet<string>,
): string | undefined {
  const used = PAYLOAD_COMMANDS.filter((name) => commandsInUse.has(name)).map((name) => ({ name }));
  const [writes, reads] = [rdbVersionOf(newer), rdbVersionOf(old)];
  if (used.length === 0 || (writes !== undefined && reads !== undefined && writes <= reads)) return undefined;
  const versions =
    writes === undefined || reads === undefined
      ? "whose payload is not measured"
      : `whose payload has RDB version ${writes} on ${formatVersion(newer)}, ${formatVersion(old)} reads up to ${reads}`;
  return `the application uses ${nameList(used)}, ${versions} (if that was a one-off, reset the counters with CONFIG RESETSTAT, on the live colour and on a newer standby, which counts it as well; those of an older standby tell what it rejected)`;
}

function nativeReason(old: ServerVersion, newer: ServerVersion): string {
  const [from, to] = [formatVersion(newer), formatVersion(old)];
  if (sameMinor(old, newer)) return `${to} and ${from} are the same minor release`;
  if (isForward(newer, old)) return `${to} follows the older ${from} as any replica does`;
  return `${to} applies everything that ${from} emits for the commands in use`;
}

/** What a rollback would mean for the application, whatever happens to the data. */
function applicationWarnings(
  old: ServerVersion,
  newer: ServerVersion,
  commandsInUse: ReadonlySet<string>,
): string[] {
  const forward = isForward(newer, old);
  const unknown = commandsUnknownTo(old, commandsInUse).filter(({ effect }) => forward || effect === "read");
  if (unknown.length === 0) return [];
  return [
    `the application uses ${nameList(unknown)}, which ${formatVersion(old)} does not know of itself: after a rollback they would fail`,
  ];
}

/** What would end the rollback link. */
function linkWarnings(
  old: ServerVersion,
  newer: ServerVersion,
  commandsInUse: ReadonlySet<string>,
  options: VerdictOptions,
): string[] {
  const [from, to] = [formatVersion(newer), formatVersion(old)];
  const warnings: string[] = [];
  const forms = isForward(newer, old) ? [] : optionsUnknownTo(old, newer, commandsInUse);
  if (forms.length > 0) {
    warnings.push(
      `options that ${to} rejects would end it, and commandstats does not show them: ${forms.join(", ")}`,
    );
  }
  if (!canReplicate(newer, old).ok) {
    warnings.push(
      `${to} can't read a full copy from ${from}: a rollback link that is down for longer than the backlog lasts is lost`,
    );
  }
  if (options.oldKeepsAof === true) {
    warnings.push(`${to} writes an append-only file: after its own restart the rollback link can't continue`);
  }
  return warnings;
}

function nameList(commands: readonly { name: string }[]): string {
  return commands.map(({ name }) => name.replace("|", " ").toUpperCase()).join(", ");
}
