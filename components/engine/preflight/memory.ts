import { infoNumber } from "../infoReply.ts";
import { formatBytes } from "./bytes.ts";
import { fail, pass, warn, type CheckResult } from "./checkResult.ts";
import { seen, type ObservedColour, type PreflightFacts } from "./facts.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/** Above this part of its limit a server has no room for a burst of writes held back by a cutover. */
const FULL = 0.9;

/** Room for the data: on live now, on the standby for all of live's, and on live as the old colour for two copies. */
export function checkMemory(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  if (live === undefined) return [];
  const results = [checkHeadroom(facts.live, live)];
  const standby = seen(facts.standby);
  if (standby !== undefined && facts.standby !== undefined)
    results.push(checkRoom(facts, facts.standby, live, standby));
  if (facts.input.standby !== undefined) results.push(checkTwoDatasets(facts, live));
  return results;
}

function used(snapshot: ServerSnapshot): number {
  return infoNumber(snapshot.info, "used_memory");
}

/** What the server's process may take: its container's limit, else the machine's memory. */
function processLimit(facts: PreflightFacts, { target }: ObservedColour, snapshot: ServerSnapshot): number {
  return facts.input.memoryLimits?.[target.colour] ?? infoNumber(snapshot.info, "total_system_memory");
}

function checkHeadroom({ target }: ObservedColour, live: ServerSnapshot): CheckResult {
  const name = `${target.colour} memory`;
  const limit = infoNumber(live.info, "maxmemory");
  if (limit === 0) return pass(name, `${formatBytes(used(live))} used, no maxmemory`);
  const policy = live.info.get("maxmemory_policy") ?? "noeviction";
  const figure = `${formatBytes(used(live))} of maxmemory ${formatBytes(limit)}, ${policy}`;
  if (used(live) < limit * FULL) return pass(name, figure);
  // With a policy that evicts, a full cache is its normal state.
  if (policy !== "noeviction")
    return warn(name, figure, "it evicts keys; expect evictions during the update as well");
  return fail(name, figure, "raise maxmemory or delete data: a full server refuses writes");
}

function checkRoom(
  facts: PreflightFacts,
  colour: ObservedColour,
  live: ServerSnapshot,
  standby: ServerSnapshot,
): CheckResult {
  const name = `${colour.target.colour} memory`;
  // While the bridge feeds it there is no limit, which comes back when it is opened.
  const maxmemory = Number(standby.gate.fed?.limit?.bytes ?? infoNumber(standby.info, "maxmemory"));
  const limit = Math.min(maxmemory === 0 ? Infinity : maxmemory, processLimit(facts, colour, standby));
  const figure = `${formatBytes(limit)} for ${formatBytes(used(live))} of live data`;
  if (used(live) < limit * FULL) return pass(name, figure);
  const cure = `give ${colour.target.colour} more memory (${facts.input.pathPrefix}${colour.target.colour}: memory, maxmemory)`;
  return maxmemory > 0 && used(live) > maxmemory ? fail(name, figure, cure) : warn(name, figure, cure);
}

/** `repl-diskless-load swapdb` keeps the old data beside the copy that is being received. */
function checkTwoDatasets(facts: PreflightFacts, live: ServerSnapshot): CheckResult {
  const name = "room for two datasets";
  const { colour } = facts.live.target;
  const limit = processLimit(facts, facts.live, live);
  const figure = `${colour} may use ${formatBytes(limit)}, two datasets take ${formatBytes(2 * used(live))}`;
  if (2 * used(live) <= limit * FULL) return pass(name, figure);
  return warn(
    name,
    figure,
    `raise ${colour}'s memory limit, or a rollback link that needs a full copy could end ${colour}`,
  );
}
