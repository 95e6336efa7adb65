/** Limits of a bake that a busy machine keeps. */
export const PATIENT = {
  maxP50Ms: 5_000,
  maxP95Ms: 5_000,
  maxP99Ms: 5_000,
  maxCommandP50Ms: 5_000,
  maxCommandP95Ms: 5_000,
  maxCommandP99Ms: 5_000,
};
