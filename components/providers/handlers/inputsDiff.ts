import type { dynamic } from "@pulumi/pulumi";
import { stable } from "../../engine/changeRules.ts";

/**
 * Whether two sets of inputs ask for the same, by the inputs of these names. The provider's own text, which another
 * release of this package may write in another way, is none of them.
 */
export function asksTheSame<T extends object>(names: readonly (keyof T)[], olds: T, news: T): boolean {
  const asked = (inputs: T): string => stable(names.map((name) => inputs[name] ?? null));
  return asked(olds) === asked(news);
}

/**
 * The diff of a resource that is nothing but its inputs.
 * @param olds the last outputs; empty where they were not kept, and then what is stored of it is brought up to date by the
 *   engine without an update
 */
export function inputsDiff<T extends object>(
  names: readonly (keyof T)[],
  olds: T,
  news: T,
): dynamic.DiffResult {
  const kept = names.some((name) => olds[name] !== undefined);
  return { changes: kept && !asksTheSame(names, olds, news) };
}
