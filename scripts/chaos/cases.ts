import { PHASES, type PhaseName } from "../../components/engine/cutover/phases.ts";
import { Random } from "../../test/support/workload/random.ts";
import { FAULT_NAMES, type FaultName } from "./faultName.ts";
import { FAULTS } from "./faults/index.ts";
import { GROUNDS } from "./grounds.ts";

/** Which way traffic moves when the fault comes. */
const DIRECTIONS = ["cutover", "rollback"] as const;
/** Forward or back. */
export type Direction = (typeof DIRECTIONS)[number];

/** A fault at a phase boundary. */
export interface Case {
  /** The phase before which the driver stands still while the fault is made. */
  phase: PhaseName;
  fault: FaultName;
  direction: Direction;
  /** How long the fault lasts, in milliseconds; absent: as long as faults of its kind do. */
  lastsMs?: number;
}

/** `catch-up:old-killed:rollback`, with the duration behind it where it is not the usual one: as `--only` takes it. */
export function nameOf({ phase, fault, direction, lastsMs }: Case): string {
  const parts = [phase.replaceAll(" ", "-"), fault, direction];
  return [...parts, ...(lastsMs === undefined ? [] : [String(lastsMs)])].join(":");
}

/**
 * Reads what `nameOf` wrote; `*` stands for every phase, fault or direction.
 * @throws Error with a sentence on what can't be understood
 */
export function parseCases(text: string): Case[] {
  const [phase = "*", fault = "*", direction = "*", lasts] = text.split(":");
  if (lasts !== undefined && !/^\d+$/.test(lasts)) {
    throw new Error(`${text}: ${lasts} is not a number of milliseconds`);
  }
  const phases = choose("phase", PHASES, phase, (name) => name.replaceAll(" ", "-"));
  const faults = choose("fault", FAULT_NAMES, fault);
  const directions = choose("direction", DIRECTIONS, direction);
  const lastsMs = lasts === undefined ? {} : { lastsMs: Number(lasts) };
  return phases.flatMap((p) =>
    faults.flatMap((f) => directions.map((d) => ({ phase: p, fault: f, direction: d, ...lastsMs }))),
  );
}

function choose<T extends string>(
  what: string,
  all: readonly T[],
  wanted: string,
  shown: (name: T) => string = (name) => name,
): readonly T[] {
  const chosen = all.filter((name) => wanted === "*" || shown(name) === wanted);
  if (chosen.length > 0) return chosen;
  throw new Error(`${wanted}: no such ${what}; there are ${all.map(shown).join(", ")}`);
}

/** Those that any of the patterns stands for, each once. */
export function chosenCases(patterns: readonly string[]): Case[] {
  const chosen = new Map(patterns.flatMap(parseCases).map((one) => [nameOf(one), one]));
  return inTurns([...chosen.values()]);
}

/** Every phase, fault and direction. */
export function wholeMatrix(): Case[] {
  return chosenCases(["*:*:*"]);
}

/** Of each kind of fault a phase that it hurts. */
export function quickMatrix(): Case[] {
  return chosenCases([
    "hold:driver-killed:cutover",
    "switch:driver-killed:rollback",
    "fence:driver-orphaned:rollback",
    "fence:driver-stopped:cutover",
    "switch:driver-stopped:rollback",
    "catch-up:new-frozen:cutover",
    "promote:old-frozen:cutover",
    "switch:proxy-killed:rollback",
    "hold:proxy-frozen:cutover",
    "catch-up:link-refused:rollback",
    "fence:old-password:cutover",
    "promote:new-unwritable:rollback",
    "release:new-cut-off:cutover",
    "catch-up:old-killed:cutover",
    "switch:new-killed:cutover",
    "hold:old-new-apart:rollback",
    "switch:proxy-new-apart:cutover",
    "fence:driver-old-apart:cutover",
    "switch:network-slow:rollback",
    "promote:new-disk-full:cutover",
    "fence:old-clock-ahead:cutover",
    "catch-up:bridge-killed:rollback",
    "hold:bridge-frozen:rollback",
  ]);
}

/**
 * Ground by ground, so that none is deployed twice; cutovers and rollbacks in turns as far as there are both, so that one
 * case is the next one's way back.
 */
function inTurns(cases: Case[]): Case[] {
  const grounds = GROUNDS.map((ground) => cases.filter(({ fault }) => FAULTS[fault].ground === ground));
  return grounds.flatMap((some) => {
    const [there, back] = DIRECTIONS.map((direction) => some.filter((one) => one.direction === direction));
    const length = Math.max(there?.length ?? 0, back?.length ?? 0);
    return Array.from({ length }, (_, i) =>
      [there?.[i], back?.[i]].filter((one) => one !== undefined),
    ).flat();
  });
}

/** What is over at once, or is mended by hand when the update has ended. */
const HAS_NO_LENGTH = /^driver-(killed|orphaned)$|-(disk-full|unwritable|password)$/;

/** Cases by chance, without an end: equal seeds give equal cases. */
export function* randomCases(seed: number): Generator<Case, never> {
  const random = new Random(seed);
  const pick = <T>(all: readonly T[]): T => {
    const one = all[random.between(0, all.length - 1)];
    if (one === undefined) throw new Error("nothing to choose from");
    return one;
  };
  for (;;) {
    const fault = pick(FAULT_NAMES);
    const lasts = HAS_NO_LENGTH.test(fault) ? {} : { lastsMs: random.between(0, 60) * 100 };
    yield { phase: pick(PHASES), fault, direction: pick(DIRECTIONS), ...lasts };
  }
}
