import { formatAddress } from "../address.ts";
import { lackingForms } from "../bridge/lackingForms.ts";
import { isFed } from "../gate.ts";
import { formatBytes } from "./bytes.ts";
import { pass, warn, type CheckResult } from "./checkResult.ts";
import { forCutover, seen, type PreflightFacts } from "./facts.ts";

/** What the bridge does, and what of the live colour's data has no form on the standby. */
export function checkBridge(facts: PreflightFacts): CheckResult[] {
  const { bridge } = facts.input;
  if (bridge === undefined || !facts.input.standbyDeployed) return [];
  return [checkState(facts, formatAddress(bridge.status)), ...checkForms(facts)];
}

function checkState(facts: PreflightFacts, address: string): CheckResult {
  const { bridge } = facts;
  const name = "bridge";
  const problem =
    bridge === undefined
      ? `does not answer at ${address}`
      : bridge.state === "waiting" || bridge.state === "stopped"
        ? `${bridge.state}: ${bridge.reason ?? "it does not say why"}`
        : undefined;
  if (problem === undefined && bridge !== undefined) {
    return pass(name, `${bridge.state}, lag ${formatBytes(bridge.lagBytes)}`);
  }
  const cure = "look into its container's log; pulumi refresh and pulumi up start it again";
  return forCutover(facts, name, problem ?? "", cure);
}

/** A cutover to a standby that couldn't be given everything loses the rest. */
function checkForms(facts: PreflightFacts): CheckResult[] {
  const { standby } = facts;
  const gate = seen(standby)?.gate;
  if (standby === undefined || gate === undefined || !isFed(gate)) return [];
  const name = "translation";
  const count = gate.fed?.progress?.unrepresentable ?? 0;
  if (count === 0) return [pass(name, "everything has a form on the standby")];
  const figure = lackingForms(standby.target.colour, count, facts.bridge?.unrepresentable);
  const path = `${facts.input.pathPrefix}guardrails.acceptBackupOnlyRollback`;
  if (facts.input.guardrails.acceptBackupOnlyRollback) return [warn(name, figure, `accepted by ${path}`)];
  const cure = `remove it from these keys, or accept that it is lost with ${path}: true`;
  return [forCutover(facts, name, figure, cure)];
}
