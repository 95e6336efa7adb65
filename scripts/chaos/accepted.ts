import { PHASES, type PhaseName } from "../../components/engine/cutover/phases.ts";
import type { Case, Direction } from "./cases.ts";
import type { FaultName } from "./faultName.ts";

/** Cases whose update may end in a question. */
interface Asking {
  faults: FaultName[];
  direction: Direction;
  /** From this phase to that one, both included. */
  phases: [PhaseName, PhaseName];
  /** What nobody but the operator can decide. */
  because: string;
}

/**
 * All of them, from bench/results/fault-matrix.jsonl and docs/decisions/fault-matrix.md. An older version can't copy from
 * a newer one, so an older colour that can't continue its link has nothing but backups behind it.
 */
const ASKING: Asking[] = [
  {
    faults: ["old-killed", "new-killed"],
    direction: "rollback",
    phases: ["preflight", "promote"],
    because: "a server that loads an append-only file has a new history, which an older colour can't copy",
  },
  {
    faults: ["old-killed"],
    direction: "cutover",
    phases: ["promote", "promote"],
    because: "the old colour may have come back without what the new one holds",
  },
  {
    faults: ["old-disk-full", "new-disk-full", "old-unwritable", "new-unwritable"],
    direction: "rollback",
    phases: ["hold", "promote"],
    because: "the older colour was promoted before it was found that a file can't be written",
  },
  {
    faults: ["driver-old-apart"],
    direction: "rollback",
    phases: ["arm", "promote"],
    because: "the older colour was promoted and its driver could not close the other one",
  },
];

/** What nobody but the operator can decide after this fault; undefined where an update has to go on by itself. */
export function reasonToAsk({ phase, fault, direction }: Case): string | undefined {
  const at = PHASES.indexOf(phase);
  return ASKING.find(
    ({ faults, phases: [first, last], ...asking }) =>
      faults.includes(fault) &&
      asking.direction === direction &&
      at >= PHASES.indexOf(first) &&
      at <= PHASES.indexOf(last),
  )?.because;
}

/** A server, its disk or its file breaks: only then may a way back be lost that was there before. */
export function mayCostWayBack(fault: FaultName): boolean {
  return /^(old|new)-(killed|disk-full|unwritable)$/.test(fault);
}
