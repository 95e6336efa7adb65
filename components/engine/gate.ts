import {
  afterFeedingCommands,
  beginFeedingCommands,
  endFeedingCommands,
  readFed,
  revokeWritingCommands,
  beforeFeedingIn,
  beforeFeedingNotes,
  type Fed,
  type BeforeFeeding,
} from "./fed.ts";
import {
  ANEW,
  handedOverNotes,
  handoverIn,
  keyPatterns,
  LEFT_BEHIND,
  notedIn,
  RUN,
  takeOverIn,
  takeOverNotes,
  UNOPENED,
  type Handover,
  type TakeOver,
} from "./handover.ts";
import { driftIn, driftNotes, rejectedBeforeIn, type Drift, type RejectedBefore } from "./drift.ts";
import { readRaised, raisedValue } from "./selfDescribing.ts";
import { isWithoutFile, type RedisServer } from "./redisServer.ts";
import type { ServerVersion } from "./serverVersion.ts";
import { BRIDGE_USER, PROXY_USER, REPLICATION_USER } from "./users.ts";

/** The directive that fences a primary; its older name is an alias from Redis 5.0 on. */
const FENCE = "min-replicas-to-write";

/** The persisted part of what lets clients' writes into a server; its role is the other part. */
export interface Gate {
  /** The proxy's user is enabled: the proxy sends clients here. */
  proxyOn: boolean;
  /** Writes are refused, by more replicas being demanded than there can be. */
  fenced: boolean;
  /** `min-replicas-to-write` as the user wants it. */
  minReplicas: number;
  /** Whether the server has this project's users for copying; an existing server doesn't. */
  replicationUser: boolean;
  /** `run_id` of the process; a restart changes it. */
  runId: string;
  /** A cutover made this server a primary and nobody opened it since: what it wrote by itself is expiry at most. */
  unopened?: boolean;
  /** A cutover closed this server for good, once another one held every byte of this history up to the offset. */
  handedOver?: Handover;
  /** An update opens the other colour, or has: whichever cutover closed this one, it doesn't open it again. */
  leftBehind?: boolean;
  /** The bridge feeds it: the clients' user is off instead of a fence, which would refuse the bridge's writes as well. */
  fed?: Fed;
  /** It was promoted: how its history goes on from the other colour's. Of one that was fed only once it is open. */
  tookOver?: TakeOver;
  /** What it had rejected of its leader's commands when it began to follow. */
  rejectedBefore?: RejectedBefore;
  /** Its data is not what that of its leader is. */
  drift?: Drift;
  /** It was live, and the update that made it so went back because its bake failed: the name of that. */
  rolledBack?: string;
}

export type { Handover } from "./handover.ts";

/**
 * Notes for whoever finds a server after the driver of its cutover died. They are kept as key patterns of the proxy's
 * user, who has no command that takes keys: so they are written to the server's file together with the gate, and survive
 * a restart, which gives a primary another replication ID. Each change of the gate writes those that still hold and
 * wipes the others; docs/decisions/gate.md lists what makes and what ends each. This one: a bake failed, and the update
 * went back.
 */
const ROLLED_BACK = "redis-bluegreen:rolled-back:";

/** Looks at a server's gate. */
export async function readGate(server: RedisServer): Promise<Gate> {
  const [config, user, replicationUser, info] = await Promise.all([
    server.configGet(FENCE),
    server.call("ACL", "GETUSER", PROXY_USER) as Promise<unknown[] | null>,
    server.call("ACL", "GETUSER", REPLICATION_USER),
    server.info("server"),
  ]);
  const fence = readRaised(config.get(FENCE));
  const flags = user?.[user.indexOf("flags") + 1];
  const proxyOn = Array.isArray(flags) && flags.includes("on");
  const patterns = keyPatterns(user?.[user.indexOf("keys") + 1]);
  const gate: Gate = {
    proxyOn,
    fenced: fence.raised,
    minReplicas: fence.original,
    replicationUser: replicationUser !== null,
    runId: info.get("run_id") ?? "",
  };
  const tookOver = takeOverIn(patterns);
  const notes = proxyOn ? {} : await notesOf(server, patterns, fence.raised);
  return { ...gate, ...(tookOver === undefined ? {} : { tookOver }), ...notes };
}

type Notes = Pick<
  Gate,
  "unopened" | "handedOver" | "leftBehind" | "fed" | "rejectedBefore" | "drift" | "rolledBack"
>;

async function notesOf(server: RedisServer, patterns: readonly string[], fenced: boolean): Promise<Notes> {
  const before = beforeFeedingIn(patterns);
  const handedOver = handoverIn(patterns);
  const [rejectedBefore, drift] = [rejectedBeforeIn(patterns), driftIn(patterns)];
  const rolledBack = notedIn(patterns, ROLLED_BACK);
  const fed = before === undefined ? undefined : await readFed(server, before, notedIn(patterns, ANEW));
  const closed = fenced || fed !== undefined;
  return {
    ...(closed && patterns.includes(UNOPENED) ? { unopened: true } : {}),
    ...(handedOver === undefined ? {} : { handedOver }),
    ...(patterns.includes(LEFT_BEHIND) ? { leftBehind: true } : {}),
    ...(fed === undefined ? {} : { fed }),
    ...(rejectedBefore === undefined ? {} : { rejectedBefore }),
    ...(drift === undefined ? {} : { drift }),
    ...(rolledBack === undefined ? {} : { rolledBack }),
  };
}

/** Whether the bridge feeds a colour now, rather than before a promotion that nobody finished. */
export function isFed({ fed, unopened }: Gate): boolean {
  return fed !== undefined && unopened !== true;
}

/** Commands for one MULTI. */
export type Commands = (string | number)[][];

/**
 * Keeps the proxy away and wipes notes. The proxy's connections are ended as well: a check that had logged in before
 * would still be told the role, and have the proxy send clients here until three more checks have failed.
 * @param notes kept as key patterns of the proxy's user
 */
export function hideCommands(...notes: string[]): Commands {
  const patterns = notes.map((note) => `~${note}`);
  return [
    ["ACL", "SETUSER", PROXY_USER, "reset", "off", "nopass", "-@all", "+ping", "+role", ...patterns],
    ["CLIENT", "KILL", "USER", PROXY_USER],
  ];
}

/** Makes a closed standby a primary that is still closed, and notes that. */
export function promoteCommands(gate: Gate): Commands {
  if (gate.fed === undefined) {
    const notes = [UNOPENED, ...takeOverNotes(gate.tookOver)];
    return [...hideCommands(...notes), ...fenceCommands(gate), ["REPLICAOF", "NO", "ONE"]];
  }
  return [
    ...hideCommands(UNOPENED, ...beforeFeedingNotes(gate.fed), ...handedOverNotes(gate.handedOver)),
    ...revokeWritingCommands(gate.fed),
  ];
}

/**
 * Lets the bridge feed a closed primary that nobody else may write.
 * @param place where in the source's history it goes on; absent: the bridge goes on where it was; `anew`, a word of its own:
 *   it copies everything
 */
export function feedCommands(
  gate: Gate,
  version: ServerVersion,
  before: BeforeFeeding,
  place: Handover | { anew: string } | undefined,
): Commands {
  const placeNotes =
    place !== undefined && "anew" in place ? [`${ANEW}${place.anew}`] : handedOverNotes(place);
  return [
    ...hideCommands(
      ...beforeFeedingNotes(before),
      ...placeNotes,
      // Should it restart before the bridge has noted anything, `place` no longer counts.
      `${RUN}${gate.runId}`,
      ...rolledBackNotes(gate.rolledBack),
    ),
    ...beginFeedingCommands(before, version),
    ["CONFIG", "SET", FENCE, gate.minReplicas],
  ];
}

/**
 * Closes a colour to everybody, the bridge included where it feeds it.
 * @param notes as in `hideCommands`
 */
export function closeCommands(gate: Gate, ...notes: string[]): Commands {
  const { fed } = gate;
  return [
    ...hideCommands(...notes, ...rolledBackNotes(gate.rolledBack)),
    ...fenceCommands(gate),
    ...(fed === undefined ? [] : endFeedingCommands(fed)),
  ];
}

/**
 * Writes to the server's file that it is closed, so that it comes back so after a restart. In memory the fence stays as
 * it is: a server whose writes are held would begin to refuse them instead.
 * @param handedOver noted with it, where another server holds every byte
 * @param notes more of them, as in `hideCommands`
 * @returns false where the server was started without a file
 */
export async function persistClosed(
  server: RedisServer,
  gate: Gate,
  handedOver?: Handover,
  ...notes: string[]
): Promise<boolean> {
  try {
    await server.transaction(
      ...hideCommands(...handedOverNotes(handedOver), ...notes, ...rolledBackNotes(gate.rolledBack)),
      ...fenceCommands(gate),
      ["CONFIG", "REWRITE"],
      ["CONFIG", "SET", FENCE, gate.fenced ? raisedValue(gate.minReplicas) : gate.minReplicas],
    );
    await server.saveUsers();
    return true;
  } catch (error) {
    if (isWithoutFile(error)) return false;
    throw error;
  }
}

/** Notes on a standby that its data has drifted; a copy of everything, or being linked anew, wipes it. */
export async function noteDrift(standby: RedisServer, drift: Drift): Promise<void> {
  await standby.call("ACL", "SETUSER", PROXY_USER, ...driftNotes(drift).map((note) => `~${note}`));
  await standby.configRewrite();
}

/** Notes on a standby that it was tried and left again; nothing but the next promotion wipes it. */
export async function noteRolledBack(standby: RedisServer, id: string): Promise<void> {
  await standby.call("ACL", "SETUSER", PROXY_USER, ...rolledBackNotes(id).map((note) => `~${note}`));
  await standby.configRewrite();
}

function rolledBackNotes(id: string | undefined): string[] {
  return id === undefined ? [] : [`${ROLLED_BACK}${id}`];
}

/** Refuses every write, for good. */
export function fenceCommands(gate: Gate): Commands {
  return [["CONFIG", "SET", FENCE, raisedValue(gate.minReplicas)]];
}

/** Lets clients in, by the proxy and with their writes, and replicas copy. */
export function openCommands(gate: Gate): Commands {
  const { fed } = gate;
  const notes = takeOverNotes(fed === undefined ? gate.tookOver : takeOverOf(fed, gate.runId)).map(
    (note) => `~${note}`,
  );
  return [
    ["CONFIG", "SET", FENCE, gate.minReplicas],
    ...allowReplicationCommands(gate),
    ...(fed === undefined ? [] : afterFeedingCommands(fed)),
    ["ACL", "SETUSER", PROXY_USER, "reset", "on", "nopass", "-@all", "+ping", "+role", ...notes],
  ];
}

function takeOverOf({ progress, own }: Fed, run: string): TakeOver | undefined {
  if (progress === undefined) return undefined;
  const { replid, applied } = progress.position;
  return { of: { replid, offset: applied.offset }, at: own, run };
}

/** Lets replicas and the bridge copy from a server that was born closed. */
export function allowReplicationCommands(gate: Gate): Commands {
  if (!gate.replicationUser) return [];
  return [REPLICATION_USER, BRIDGE_USER].map((user) => ["ACL", "SETUSER", user, "on"]);
}

/** As `allowReplicationCommands`, at once. */
export async function allowReplication(server: RedisServer): Promise<void> {
  const commands = allowReplicationCommands(await readGate(server));
  if (commands.length > 0) await server.transaction(...commands);
}

/** Lets the proxy send readers to a replica, or keeps them away. */
export async function setReadable(replica: RedisServer, readable: boolean): Promise<void> {
  if ((await readGate(replica)).proxyOn === readable) return;
  const state = readable ? "on" : "off";
  await replica.call("ACL", "SETUSER", PROXY_USER, "reset", state, "nopass", "-@all", "+ping", "+role");
  await replica.configRewrite();
}
