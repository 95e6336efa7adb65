import { fail, pass, warn, type CheckResult } from "./checkResult.ts";
import { isLeft, seen, type PreflightFacts } from "./facts.ts";

/** What the answer to a refused write asks for. */
const cures = (pathPrefix: string): readonly (readonly [RegExp, string])[] => [
  [/NOREPLICAS/, "too few replicas are attached for min-replicas-to-write; attach them, or lower it"],
  [/READONLY/, `live is a replica; set ${pathPrefix}live to the colour that is master`],
  [/OOM/, "raise maxmemory or delete data"],
  [/MISCONF/, "its last save failed; look into its log and its disk's free space"],
  [/NOPERM/, "grant the operator's user +set and ~redis-bluegreen:*"],
  [/timed out/i, "its writes are paused or it is overloaded; preview again in a moment"],
];

/** Whether live takes writes, found out with one that changes nothing. */
export function checkWriteTest(facts: PreflightFacts): CheckResult[] {
  const live = seen(facts.live);
  const result = live?.writeTest;
  if (live === undefined || result === undefined) return [];
  if (result.accepted) return [pass("write test", "a write that changes nothing was accepted")];
  if (live.gate.fenced) return [fail("write test", result.answer, "see what to do under role of live")];
  if (/OOM/.test(result.answer) && isLeft(facts.input))
    return [warn("write test", result.answer, "the server is full; this cutover leaves it")];
  const cure = cures(facts.input.pathPrefix).find(([answer]) => answer.test(result.answer))?.[1];
  return [fail("write test", result.answer, cure ?? "look into the live server's log")];
}
