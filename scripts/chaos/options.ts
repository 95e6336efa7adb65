import { parseArgs } from "node:util";
import { chosenCases, quickMatrix, wholeMatrix, type Case } from "./cases.ts";
import { USUAL, type Versions } from "./grounds.ts";

/** What the fault matrix was asked to do. */
export interface ChaosOptions {
  /** Cases in their order; undefined in random mode. */
  cases: Case[] | undefined;
  /** Of random mode, and of the first case's clients; each further case has the next one. */
  seed: number;
  /** After this no further case is begun. */
  minutes: number;
  /** Of the stack's two colours. */
  versions: Versions;
  /** A file of results to go on from, and to add to. */
  record: string | undefined;
  /** Cases at a time. */
  jobs: number;
  /** Leave the stacks running. */
  keep: boolean;
}

/** Shown for `--help` and for what can't be understood. */
export const CHAOS_USAGE = `npm run chaos -- [options]
  --quick                             of each kind of fault a phase that it hurts, instead of every phase, fault and direction
  --only <phase>:<fault>:<direction>  such cases only, * for any; may be given several times
  --record <file>                     note each result in it, leave out what passed according to it, and show them all
  --minutes <m>                       begin no further case after so long
  --seed <n>                          cases by chance for so many minutes; equal seeds give equal cases. --minutes alone
                                      takes a seed by chance. With --only: the seed of the first case's clients
  --blue <v>  --green <v>             versions (default: 7.0 and 8.0)
  --jobs <n>                          cases at a time, each on stacks of its own (default: 1)
  --keep                              leave the stacks running at the end`;

/**
 * Reads the command line.
 * @param randomSeed taken in random mode where none is given
 * @throws Error with a sentence on what can't be understood
 */
export function parseChaosOptions(args: string[], randomSeed: () => number): ChaosOptions {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      record: { type: "string" },
      seed: { type: "string" },
      minutes: { type: "string" },
      blue: { type: "string", default: USUAL.blue },
      green: { type: "string", default: USUAL.green },
      jobs: { type: "string" },
      keep: { type: "boolean", default: false },
    },
  });
  if (values.quick && values.only !== undefined) throw new Error("--quick and --only don't go together");
  if (values.quick && values.seed !== undefined) throw new Error("--quick and --seed don't go together");
  const isChosen = values.quick || values.only !== undefined;
  if (values.seed !== undefined && values.minutes === undefined && !isChosen) {
    throw new Error("--seed needs --minutes: how long to go on, or --only: for which cases");
  }
  const byChance =
    !isChosen && (values.seed !== undefined || (values.minutes !== undefined && values.record === undefined));
  const all = values.quick
    ? quickMatrix()
    : values.only === undefined
      ? wholeMatrix()
      : chosenCases(values.only);
  return {
    cases: byChance ? undefined : all,
    seed: wholeNumber("seed", values.seed) ?? randomSeed(),
    minutes: wholeNumber("minutes", values.minutes) ?? Infinity,
    versions: { blue: values.blue, green: values.green },
    record: values.record,
    jobs: wholeNumber("jobs", values.jobs) ?? 1,
    keep: values.keep,
  };
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`--${name} ${text}: a whole number is needed`);
  return Number(text);
}
