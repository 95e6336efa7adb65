import { canReplicate, minorOf } from "../compatibility/matrix.ts";
import { losesWrites, type Verdict } from "../compatibility/rollbackVerdict.ts";
import { wayBack } from "../compatibility/wayBack.ts";
import { atLeast, formatVersion, type ServerVersion } from "../serverVersion.ts";
import { fail, pass, warn, type CheckResult } from "./checkResult.ts";
import { forCutover, seen, standbyVersion, type ObservedColour, type PreflightFacts } from "./facts.ts";

/** The oldest release with the ACL users that this project logs in with. */
const OLDEST = "6.0";

/** Versions as configured and as observed, whether the standby can copy live, and what a rollback will be. */
export function checkVersions(facts: PreflightFacts): CheckResult[] {
  const results = [facts.live, facts.standby].flatMap((colour) =>
    colour === undefined ? [] : checkVersion(facts, colour),
  );
  const live = seen(facts.live);
  const standby = standbyVersion(facts);
  if (live === undefined || standby === undefined) return results;

  return [...results, checkCopy(facts, live.version, standby), ...checkRollback(facts)];
}

/** A standby that follows already needs no full copy, which is how a rollback link goes on without one. */
function checkCopy(facts: PreflightFacts, live: ServerVersion, standby: ServerVersion): CheckResult {
  const copy = canReplicate(live, standby);
  if (copy.ok) return pass("replication", copy.reason);
  if (facts.input.bridge !== undefined) return pass("replication", `by the bridge, as ${copy.reason}`);
  if (seen(facts.standby)?.replication.linkUp === true) {
    return pass(
      "replication",
      `the standby follows without a full copy, which it could not read: ${copy.reason}`,
    );
  }
  return fail("replication", copy.reason, "choose a version for the standby that can copy the live one");
}

function checkVersion(facts: PreflightFacts, { target, observed }: ObservedColour): CheckResult[] {
  if ("unreachable" in observed) return [];
  const name = `${target.colour} version`;
  const found = observed.version;
  if (!atLeast(found.version, OLDEST)) {
    return [
      fail(
        name,
        formatVersion(found),
        `upgrade it to ${OLDEST} or newer first: older releases have no ACL users`,
      ),
    ];
  }
  if (target.version === undefined) return [pass(name, formatVersion(found))];
  const wanted = { product: target.product, version: target.version };
  // The configured version may leave the patch open.
  const asWanted = found.product === wanted.product && `${found.version}.`.startsWith(`${wanted.version}.`);
  if (asWanted) return [pass(name, `${formatVersion(found)}, configured ${wanted.version}`)];
  const figure = `${formatVersion(found)}, configured ${formatVersion(wanted)}`;
  const cure = `correct ${facts.input.pathPrefix}${target.colour} (version, image) so that it names what runs`;
  const patchOnly = found.product === wanted.product && minorOf(found.version) === minorOf(wanted.version);
  return [patchOnly ? warn(name, figure, cure) : fail(name, figure, cure)];
}

/** What a rollback from the standby to the live colour will be once the standby is live; absent where unknown. */
export function verdictOf(facts: PreflightFacts): Verdict | undefined {
  const [live, standby] = [seen(facts.live), seen(facts.standby)];
  const version = standbyVersion(facts);
  if (live === undefined || version === undefined) return undefined;
  const { noLinkBecause, input } = facts;
  return wayBack(live, standby ?? { version }, {
    ...(input.bridge === undefined ? {} : { bridge: input.bridge.use }),
    ...(noLinkBecause === undefined ? {} : { noLinkBecause }),
  });
}

function checkRollback(facts: PreflightFacts): CheckResult[] {
  const verdict = verdictOf(facts);
  if (verdict === undefined) return [];
  const name = "rollback";
  const figure = `${verdict.kind}, ${verdict.reason}`;
  const { acceptBackupOnlyRollback } = facts.input.guardrails;
  const path = `${facts.input.pathPrefix}guardrails.acceptBackupOnlyRollback`;
  const warnings = verdict.warnings.map((warning) => warn(name, "look out", warning));
  if (!losesWrites(verdict)) return [pass(name, figure), ...warnings];
  if (acceptBackupOnlyRollback) return [warn(name, figure, `accepted by ${path}`), ...warnings];
  const cure = `choose another pair of versions, or accept it with ${path}: true`;
  return [forCutover(facts, name, figure, cure), ...warnings];
}
