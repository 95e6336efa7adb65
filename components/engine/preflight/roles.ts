import { formatAddress } from "../address.ts";
import { canReplicate } from "../compatibility/matrix.ts";
import { follows } from "../deployment.ts";
import { isFed } from "../gate.ts";
import { fail, pass, type CheckResult } from "./checkResult.ts";
import { forCutover, leaveLiveCure, seen, type ObservedColour, type PreflightFacts } from "./facts.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/** Whether each colour has the role that the config gives it. */
export function checkRoles(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  const standby = seen(facts.standby);
  return [
    ...(live === undefined ? [] : [checkLiveRole(facts, live)]),
    ...(standby === undefined || facts.standby === undefined
      ? []
      : [checkStandbyRole(facts, facts.standby, standby)]),
  ];
}

function checkLiveRole(facts: PreflightFacts, live: ServerSnapshot): CheckResult {
  const name = "role of live";
  const { colour, external } = facts.live.target;
  const { following } = live.replication;
  if (live.replication.role !== "master") {
    const whom = following === undefined ? "another server" : formatAddress(following);
    return fail(
      name,
      `${colour} is a replica of ${whom}`,
      `set ${facts.input.pathPrefix}live to the colour that is master, or make ${colour} one`,
    );
  }
  if (live.gate.fenced && external && !facts.input.cutover) return fencedExisting(colour, live);
  if (live.gate.fenced) {
    return fail(
      name,
      `${colour} is master, but fenced: it refuses writes`,
      "run pulumi up with the config of the last update, so that an interrupted one is finished",
    );
  }
  // An existing server has no proxy user until this project has given it one.
  if (!live.gate.proxyOn && !external) {
    return fail(
      name,
      `${colour} is master, but the proxy is not let in`,
      "run pulumi up with the config of the last update, so that an interrupted one is finished",
    );
  }
  return pass(name, `${colour} is master and takes writes`);
}

/**
 * A server that is to be adopted and was closed when another one took over from it. It could be opened, as the only
 * colour that is known here; that nothing serves newer data elsewhere only its owner knows.
 */
function fencedExisting(colour: string, { gate, info }: ServerSnapshot): CheckResult {
  const persist = (info.get("config_file") ?? "") === "" ? "" : ", then CONFIG REWRITE";
  return fail(
    "role of live",
    `${colour} is master, but fenced: another server took over from it, and it has taken no write since`,
    `if what it holds is what clients shall see again, open it by hand (CONFIG SET min-replicas-to-write ${gate.minReplicas}${persist}) and preview again; else name the server that took over`,
  );
}

function checkStandbyRole(
  facts: PreflightFacts,
  { target }: ObservedColour,
  standby: ServerSnapshot,
): CheckResult {
  const name = "role of standby";
  const { colour } = target;
  const { role, following } = standby.replication;
  if (role === "replica" && follows(standby.replication, target, facts.live.target)) {
    return pass(name, `${colour} follows ${facts.live.target.colour}`);
  }
  if (isFed(standby.gate)) return pass(name, `${colour} takes what the bridge writes, and nothing else`);
  const figure =
    role === "master" || following === undefined
      ? `${colour} follows nobody`
      : `${colour} follows ${formatAddress(following)} instead of ${facts.live.target.colour}`;
  const cure = followCure(facts, standby);
  return forCutover(facts, name, figure, cure);
}

/** A colour that was left behind by a cutover without a rollback link has no way to catch up. */
function followCure(facts: PreflightFacts, standby: ServerSnapshot): string {
  const live = facts.live.target.colour;
  const liveVersion = seen(facts.live)?.version;
  const left = standby.replication.role === "master";
  const canCopy = liveVersion !== undefined && canReplicate(liveVersion, standby.version).ok;
  if (liveVersion === undefined || !left || canCopy || facts.input.bridge !== undefined) {
    return `run pulumi up with live: ${live}, so that it follows again`;
  }
  return leaveLiveCure(facts);
}
