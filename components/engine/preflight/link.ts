import { keyCount, type Keyspace } from "../keyspace.ts";
import { infoNumber } from "../infoReply.ts";
import { formatAddress } from "../address.ts";
import { canReplicate } from "../compatibility/matrix.ts";
import { isForward } from "../compatibility/rollbackVerdict.ts";
import { wayBack } from "../compatibility/wayBack.ts";
import { describeDrift, driftOf, isStillCounted } from "../drift.ts";
import { isTripped } from "../follow.ts";
import { isFed } from "../gate.ts";
import { formatBytes } from "./bytes.ts";
import { pass, warn, type CheckResult } from "./checkResult.ts";
import { forCutover, leaveLiveCure, seen, seenPair, type Pair, type PreflightFacts } from "./facts.ts";

/** How long a standby may be away and still continue without a full copy, in seconds. */
const BACKLOG_SECONDS = 60;
const SMALLEST_BACKLOG = 1024 * 1024;

/** A key in the replication stream takes at least this many bytes: `$1\r\nk\r\n`. */
const SMALLEST_KEY_BYTES = 7;

/** The replication link: state, lag, backlog, equal key counts, and who else follows live. */
export function checkLink(facts: PreflightFacts): CheckResult[] {
  const pair = seenPair(facts);
  return [
    ...(pair === undefined ? [] : checkPair(facts, pair)),
    ...checkBacklog(facts),
    ...checkOtherReplicas(facts),
    ...checkStandbyReplicas(facts),
  ];
}

/** Where the bridge feeds, key counts say little: either server expires its keys when it likes. */
function checkPair(facts: PreflightFacts, pair: Pair): CheckResult[] {
  const drift = checkDrift(facts, pair);
  if (isFed(pair.standby.gate)) return [checkFeeding(facts, pair), checkLag(facts, pair), ...drift];
  return [checkState(facts, pair), checkLag(facts, pair), checkKeys(facts, pair), ...drift];
}

/**
 * A standby that did not carry out all that it was sent looks in sync: offsets and numbers of keys agree. An older one is
 * also judged by what the live colour has executed since, as the outputs are.
 */
function checkDrift(facts: PreflightFacts, { live, standby }: Pair): CheckResult[] {
  const { live: from, standby: to } = facts;
  const drift = driftOf(standby.gate, standby.info);
  if (drift !== undefined) {
    const figure = describeDrift(to?.target.colour ?? "standby", from.target.colour, drift);
    return [forCutover(facts, "drift", figure, driftCure(facts, { live, standby }))];
  }
  if (standby.replication.role !== "replica") return [];
  const back = wayBack(standby, live);
  const forward = isForward(live.version, standby.version);
  if (forward || back.kind === "lossless (native)") {
    if (forward || isStillCounted(standby.gate, standby.info)) {
      return [pass("drift", "the standby rejected nothing that it was sent")];
    }
    const forgotten = "the standby was restarted or its statistics were reset: a cutover compares every key";
    return [pass("drift", forgotten)];
  }
  return [forCutover(facts, "drift", `possible: ${back.reason}`, leaveLiveCure(facts))];
}

function driftCure(facts: PreflightFacts, { live, standby }: Pair): string {
  const { input, live: from, standby: to } = facts;
  if (isFed(standby.gate)) {
    return `run pulumi up with live: ${from.target.colour} first: the bridge then copies every key again`;
  }
  if (!canReplicate(live.version, standby.version).ok) return leaveLiveCure(facts);
  return `remove ${input.pathPrefix}${to?.target.colour ?? ""}, run pulumi up, and add it again with reseed: true`;
}

/** Keys that the bridge is done with within a second don't count: where clients set expiries, there are always some. */
function checkFeeding(facts: PreflightFacts, { standby }: Pair): CheckResult {
  const progress = standby.gate.fed?.progress;
  const left = progress?.lingeringKeys ?? progress?.staleKeys ?? 0;
  const open =
    progress === undefined
      ? "the bridge has not begun to feed it"
      : progress.position.copying
        ? "the bridge is copying every key"
        : left > 0
          ? `the bridge copies ${left} keys again`
          : undefined;
  if (open === undefined) return pass("link", "the bridge feeds the standby");
  return forCutover(facts, "link", open, "wait until it is done; the bridge's log tells how far it is");
}

function checkState(facts: PreflightFacts, { live, standby }: Pair): CheckResult {
  const { linkUp, role, syncInProgress } = standby.replication;
  if (linkUp) return pass("link", "up");
  if (role === "master") return forCutover(facts, "link", "none", "see role of standby");
  if (syncInProgress) {
    const left = formatBytes(infoNumber(standby.info, "master_sync_left_bytes"));
    return forCutover(facts, "link", `a full copy is being received, ${left} to go`, "wait until it is done");
  }
  const leader = { target: facts.live.target, replication: live.replication };
  if (isTripped(leader, standby.replication) && !canReplicate(live.version, standby.version).ok) {
    return forCutover(
      facts,
      "link",
      "lost: the standby needs a full copy, which it could not read",
      leaveLiveCure(facts),
    );
  }
  // A link that was never up says -1.
  const since = infoNumber(standby.info, "master_link_down_since_seconds");
  return forCutover(
    facts,
    "link",
    since < 0 ? "not up yet" : `down for ${since} s`,
    "look into the standby's log, then run pulumi up with live unchanged",
  );
}

/** Bytes that live is ahead by; the two were not asked at the same instant, so it can be a little off. */
function offsetGap({ live, standby }: Pair): number {
  if (isFed(standby.gate))
    return live.replication.offset - (standby.gate.fed?.progress?.position.applied.offset ?? 0);
  return live.replication.offset - standby.replication.offset;
}

function checkLag(facts: PreflightFacts, pair: Pair): CheckResult {
  const lag = Math.max(0, offsetGap(pair));
  const limit = facts.input.guardrails.maxLagBytes;
  const figure = `${formatBytes(lag)}, limit ${formatBytes(limit)}`;
  if (lag <= limit) return pass("lag", figure);
  return forCutover(
    facts,
    "lag",
    figure,
    `wait for less load, or raise ${facts.input.pathPrefix}guardrails.maxLagBytes`,
  );
}

function checkKeys(facts: PreflightFacts, pair: Pair): CheckResult {
  const gap = Math.abs(offsetGap(pair));
  const difference = keyDifference(pair.live.keyspace, pair.standby.keyspace);
  const figure = `${keyCount(pair.live.keyspace)} live, ${keyCount(pair.standby.keyspace)} standby, ${formatBytes(gap)} apart`;
  if (difference <= Math.ceil(gap / SMALLEST_KEY_BYTES)) return pass("keys", figure);
  return forCutover(
    facts,
    "keys",
    `${figure}: ${difference} more or fewer than the lag explains`,
    "preview again; if it stays, the standby has diverged: remove it from the config, run pulumi up, and add it again with reseed: true",
  );
}

function keyDifference(a: Keyspace, b: Keyspace): number {
  const databases = new Set([...a.keys(), ...b.keys()]);
  return [...databases].reduce((sum, n) => sum + Math.abs((a.get(n) ?? 0) - (b.get(n) ?? 0)), 0);
}

function checkBacklog(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  const size = Number(live?.config.get("repl-backlog-size") ?? 0);
  if (live === undefined || size === 0) return [];
  const wanted = Math.max(SMALLEST_BACKLOG, Math.ceil(live.writeRate * BACKLOG_SECONDS));
  const bound = infoNumber(live.info, "repl_backlog_active") === 1 ? "" : "at most ";
  const figure = `${formatBytes(size)}, writes ${bound}${formatBytes(live.writeRate)}/s`;
  if (size >= wanted) return [pass("backlog", figure)];
  const cure = `a link that is cut for ${BACKLOG_SECONDS} s needs ${formatBytes(wanted)}; the cutover raises repl-backlog-size itself`;
  return [warn("backlog", figure, cure)];
}

/** Addresses seen by the server and names in the config can't be compared across networks, so counts are. */
function checkOtherReplicas(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  if (live === undefined) return [];
  const attached = live.replication.replicas;
  const own = facts.live.target.replicas.length;
  const other = seen(facts.standby);
  const standby = other !== undefined && (other.replication.linkUp || isFed(other.gate)) ? 1 : 0;
  const others = attached.length - own - standby;
  const figure = `${attached.length} attached, ${own + standby} expected`;
  if (others <= 0) return [pass("replicas of live", figure)];
  return [
    warn(
      "replicas of live",
      `${figure}: ${attached.map(({ address }) => formatAddress(address)).join(", ")}`,
      "the ones that are not this project's stay behind with the old colour: point them at the new one yourself",
    ),
  ];
}

/** A cutover gives a replica no readers before it has its copy: its primary then answers them all. */
function checkStandbyReplicas(facts: PreflightFacts): CheckResult[] {
  const standby = seen(facts.standby);
  const own = facts.standby?.target.replicas.length ?? 0;
  if (standby === undefined || own === 0) return [];
  const ready = standby.replication.replicas.filter(({ state }) => state === "online").length;
  const figure = `${ready} in sync, ${own} expected`;
  if (ready >= own) return [pass("replicas of standby", figure)];
  const cure =
    "wait until they follow, or clients that read are answered by the standby's primary alone at first";
  return [warn("replicas of standby", figure, cure)];
}
