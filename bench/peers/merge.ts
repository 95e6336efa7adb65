import { caseKey, INTERRUPTED, type BenchResults } from "./benchResults.ts";
import type { Round } from "./round.ts";

/**
 * Adds a run to the results of earlier ones. A case that was measured again replaces all that was known of it, since its
 * contestants are compared within one run; a run of stop and restart alone replaces the rounds of that only.
 * @throws Error where the two were not made on the same machine with the same versions
 */
export function mergeResults(before: BenchResults, added: BenchResults): BenchResults {
  const difference = differenceOf(before, added);
  if (difference !== undefined) {
    throw new Error(
      `the results that are there were made elsewhere (${difference}); choose another --output, or leave out --add`,
    );
  }
  const again = new Set(added.rounds.map(caseKey));
  const joins = added.rounds.length > 0 && added.rounds.every(isOutOfRatios);
  const isReplaced = (round: Round): boolean => again.has(caseKey(round)) && (!joins || isOutOfRatios(round));
  const parts = new Set([INTERRUPTED, ...(joins ? [] : added.runs.flatMap((run) => run.parts))]);
  return {
    ...added,
    machine: { ...added.machine, servers: { ...before.machine.servers, ...added.machine.servers } },
    runs: [...before.runs, ...added.runs],
    rounds: [...before.rounds.filter((round) => !isReplaced(round)), ...added.rounds],
    noOp: added.noOp ?? before.noOp,
    bridge: added.bridge ?? before.bridge,
    notes: [...before.notes.filter(({ part }) => !parts.has(part)), ...added.notes],
  };
}

/** No ratio is taken with it, and it is slower by orders of magnitude: it needs nobody of the same run beside it. */
function isOutOfRatios({ contestant }: Round): boolean {
  return contestant === "restart";
}

function differenceOf(a: BenchResults, b: BenchResults): string | undefined {
  const told = ({ machine: { cores, memoryGb, cpu, node, docker } }: BenchResults): string =>
    `${cores} cores, ${cpu}, ${memoryGb} GB, Node ${node}, Docker ${docker}`;
  if (told(a) !== told(b)) return `${told(a)}; here: ${told(b)}`;
  const servers = Object.entries(b.machine.servers);
  const other = servers.find(([tag, version]) => (a.machine.servers[tag] ?? version) !== version);
  return other === undefined ? undefined : `${other[0]} was ${a.machine.servers[other[0]] ?? ""}`;
}
