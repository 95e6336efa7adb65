import { COVERED_SECONDS, memoryBounds, planBacklog } from "../backlogSize.ts";
import type { Colour } from "../colour.ts";
import { infoNumber } from "../infoReply.ts";
import { countedMemory, evictsKeys, limitWhenOpen, processLimit } from "../memory.ts";
import { formatBytes } from "./bytes.ts";
import { fail, pass, warn, type CheckResult } from "./checkResult.ts";
import { isLeft, seen, type ObservedColour, type PreflightFacts } from "./facts.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/** Above this part of its limit a server has no room for a burst of writes held back by a cutover. */
const FULL = 0.9;

/** Room for the data: on live now, on the standby for all of live's, and on live as the old colour for two copies. */
export function checkMemory(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  if (live === undefined) return [];
  const results = [checkHeadroom(facts, live)];
  const standby = seen(facts.standby);
  if (standby !== undefined && facts.standby !== undefined)
    results.push(
      checkRoom(facts, facts.standby, live, standby),
      ...checkBacklogRoom(facts, facts.standby, live, standby),
    );
  if (facts.input.standby !== undefined) results.push(checkTwoDatasets(facts, live));
  return results;
}

function used(snapshot: ServerSnapshot): number {
  return infoNumber(snapshot.info, "used_memory");
}

function checkHeadroom({ input, live: { target } }: PreflightFacts, live: ServerSnapshot): CheckResult {
  const name = `${target.colour} memory`;
  const limit = infoNumber(live.info, "maxmemory");
  if (limit === 0) return pass(name, `${formatBytes(used(live))} used, no maxmemory`);
  const counted = countedMemory(live.info);
  const policy = live.info.get("maxmemory_policy") ?? "noeviction";
  const figure = `${formatBytes(counted)} of maxmemory ${formatBytes(limit)}, ${policy}`;
  if (counted < limit * FULL) return pass(name, figure);
  // With a policy that evicts, a full cache is its normal state.
  if (evictsKeys(live.info))
    return warn(name, figure, "it evicts keys; expect evictions during the update as well");
  // Its configuration, users and role can be changed on a full server too (measured: Redis 6.0.16, 7.0.15, 8.0.2).
  if (isLeft(input))
    return warn(
      name,
      figure,
      "a full server refuses writes; this cutover leaves it, which needs no room on it",
    );
  return fail(name, figure, "raise maxmemory or delete data: a full server refuses writes");
}

/** A cutover is made to a standby that holds everything already, so that it tells itself what that takes there. */
function checkRoom(
  facts: PreflightFacts,
  { target: { colour } }: ObservedColour,
  live: ServerSnapshot,
  standby: ServerSnapshot,
): CheckResult {
  const name = `${colour} memory`;
  const { maxmemory, evicts } = limitWhenOpen(standby.info, standby.gate);
  const mostOfProcess = processLimit(standby.info, facts.input.memoryLimits?.[colour]);
  const limit = Math.min(maxmemory === 0 ? Infinity : maxmemory, mostOfProcess);
  const needed = countedMemory((facts.input.cutover ? standby : live).info);
  const figure = `${formatBytes(limit)} for ${formatBytes(needed)} of live data`;
  if (needed < limit * FULL) return pass(name, figure);
  const cure = moreMemory(facts.input.pathPrefix, colour);
  // A full cache is a little above its limit all the time; what live does not evict is no cache.
  const most = evicts && evictsKeys(live.info) ? maxmemory / FULL : maxmemory;
  return maxmemory > 0 && needed > most ? fail(name, figure, cure) : warn(name, figure, cure);
}

function moreMemory(pathPrefix: string, colour: Colour): string {
  return `give ${colour} more memory (${pathPrefix}${colour}: memory, maxmemory)`;
}

/** A new colour keeps a backlog of what it takes, for the old one to follow it without a full copy. */
function checkBacklogRoom(
  { input }: PreflightFacts,
  { target: { colour } }: ObservedColour,
  live: ServerSnapshot,
  standby: ServerSnapshot,
): CheckResult[] {
  const bounds = memoryBounds(standby.info, standby.gate, input.memoryLimits?.[colour]);
  const now = Number(standby.config.get("repl-backlog-size") ?? 0);
  const { sizeBytes, onlySeconds } = planBacklog(now, live.writeRate, bounds);
  if (onlySeconds === undefined) return [];
  const figure = `${formatBytes(sizeBytes)} on ${colour}, ${onlySeconds} s of ${formatBytes(live.writeRate)}/s instead of ${COVERED_SECONDS}`;
  const cure = `a rollback link that is cut for longer than that needs a full copy; ${moreMemory(input.pathPrefix, colour)}`;
  return [warn("room for a backlog", figure, cure)];
}

/** `repl-diskless-load swapdb` keeps the old data beside the copy that is being received. */
function checkTwoDatasets(facts: PreflightFacts, live: ServerSnapshot): CheckResult {
  const name = "room for two datasets";
  const { colour } = facts.live.target;
  const limit = processLimit(live.info, facts.input.memoryLimits?.[colour]);
  const figure = `${colour} may use ${formatBytes(limit)}, two datasets take ${formatBytes(2 * used(live))}`;
  if (2 * used(live) <= limit * FULL) return pass(name, figure);
  return warn(
    name,
    figure,
    `raise ${colour}'s memory limit, or a rollback link that needs a full copy could end ${colour}`,
  );
}
