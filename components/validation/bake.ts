import { DEFAULT_BAKE, type BakeSettings } from "../engine/bake/bakeSettings.ts";
import type { Range, Section } from "./section.ts";

type Limit = Exclude<keyof BakeSettings, "retry">;

const MILLISECONDS: Range = { min: 0, max: 60_000, unit: "(milliseconds)" };
const PER_SECOND: Range = { min: 0, max: 1_000_000, unit: "(per second)" };
const PERCENT: Range = { min: 0, max: 100, unit: "(percent)" };

const RANGES: Record<Limit, Range> = {
  seconds: { min: 0, max: 86_400 },
  maxErrorRepliesPerSecond: PER_SECOND,
  maxRejectedConnectionsPerSecond: PER_SECOND,
  maxP50Ms: MILLISECONDS,
  maxP95Ms: MILLISECONDS,
  maxP99Ms: MILLISECONDS,
  maxCommandP50Ms: MILLISECONDS,
  maxCommandP95Ms: MILLISECONDS,
  maxCommandP99Ms: MILLISECONDS,
  minHitPercent: PERCENT,
  maxMemoryPercent: PERCENT,
  maxLagBytes: { min: 0, max: 1024 ** 4, unit: "(bytes)" },
};

const LIMITS = Object.keys(RANGES) as Limit[];

/** The keys of `bake`. */
export const BAKE_KEYS: readonly string[] = [...LIMITS, "retry"];

/** Reads how a new live colour is watched; what is absent or refused has its default. */
export function readBake(section: Section): BakeSettings {
  const settings = { ...DEFAULT_BAKE };
  for (const limit of LIMITS) settings[limit] = section.integer(limit, RANGES[limit]) ?? DEFAULT_BAKE[limit];
  const retry = section.text(
    "retry",
    "the name of a failed bake",
    "copy it from the message of the update that went back",
  );
  return retry === undefined ? settings : { ...settings, retry };
}
