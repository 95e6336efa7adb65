/** Minimum, median and maximum of figures. */
export interface Spread {
  min: number;
  median: number;
  max: number;
  /** How many figures there were. */
  count: number;
}

/** The spread of what was measured; null of nothing. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const sorted = values.filter((value) => typeof value === "number").toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return null;
  return { min, median: medianOf(sorted), max, count: sorted.length };
}

/** Ours divided by theirs; null where either was not measured, or theirs is not above zero, which no ratio can tell. */
export function ratioOf(ours: number | null | undefined, theirs: number | null | undefined): number | null {
  if (typeof ours !== "number" || typeof theirs !== "number" || theirs <= 0) return null;
  return ours / theirs;
}

/** The median of ratios, one for each case that both took part in; null where there is none. */
export function medianRatio(pairs: readonly (readonly [number | null, number | null])[]): number | null {
  return spreadOf(pairs.map(([ours, theirs]) => ratioOf(ours, theirs)))?.median ?? null;
}

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
