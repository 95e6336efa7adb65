import { parseArgs } from "node:util";
import { CONTESTANTS, type ContestantName } from "./contestants/contestant.ts";
import type { Case, RoundOptions } from "./round.ts";

/** A case, who takes part in it, and how often. */
export interface Heat extends Case {
  contestants: readonly ContestantName[];
  rounds: number;
}

/** What a case is called where people read. */
export function nameOf({ gigabytes, connections, load }: Case): string {
  return `${gigabytes} GB, ${connections} connections, ${load}`;
}

/** What the bench was asked to do. */
export interface BenchOptions extends RoundOptions {
  quick: boolean;
  /** In the order in which they are run; heats of one size of data share their servers. */
  heats: readonly Heat[];
  /** How often no-op preview and up are timed with and without this project; 0: not at all. */
  previews: number;
  /** Megabytes of stream that bridge and replication catch up with, and how often; 0 rounds: not at all. */
  bridge: { megabytes: number; rounds: number };
  /** No heat's round, and no later part, starts after this many minutes. */
  minutes: number;
  /** The folder of the results, absolute or in the project. */
  output: string;
  /** Results that are in the folder are added to. */
  add: boolean;
}

/** Shown for `--help` and for what can't be understood. */
export const USAGE = `npm run bench -- [options]
  --quick                 a small part, in at most 10 minutes
  --sizes <list>          gigabytes of data, e.g. 0.1,1,4         (default: 0.1,1,4)
  --connections <list>    client connections                      (default: 1,50,1000)
  --loads <list>          idle, load                              (default: both)
  --contestants <list>    cutover, failover, sentinel, restart    (default: all)
  --rounds <n>            of each contestant in each case         (default: 10)
  --previews <n>          no-op previews and ups, 0: none         (default: 10)
  --bridge <n>            rounds of the bridge's bench, 0: none   (default: 3)
  --backup                our cutovers take their backup as well, which takes minutes at 4 GB
  --minutes <n>           begin nothing after that                (default: 600; quick: 8)
  --output <folder>       of the results                          (default: bench/results)
  --add                   to the results that are there: cases that are run replace what is known of them;
                          restart alone, which is in no ratio, replaces its own rounds only`;

/**
 * As many cases as 10 minutes have room for; at 4 GB the peers would take them all. What comes last is what a slow machine
 * doesn't get to.
 */
const QUICK: readonly Heat[] = [
  { gigabytes: 4, connections: 50, load: "load", rounds: 5, contestants: ["cutover"] },
  { gigabytes: 0.1, connections: 50, load: "load", rounds: 5, contestants: CONTESTANTS },
  { gigabytes: 0.1, connections: 1, load: "load", rounds: 2, contestants: CONTESTANTS },
  { gigabytes: 0.1, connections: 50, load: "idle", rounds: 2, contestants: CONTESTANTS },
  { gigabytes: 0.1, connections: 1000, load: "load", rounds: 1, contestants: CONTESTANTS },
];

/**
 * Reads the command line.
 * @throws Error with a sentence on what can't be understood
 */
export function parseBenchOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      sizes: { type: "string", default: "0.1,1,4" },
      connections: { type: "string", default: "1,50,1000" },
      loads: { type: "string", default: "idle,load" },
      contestants: { type: "string", default: CONTESTANTS.join(",") },
      rounds: { type: "string", default: "10" },
      previews: { type: "string" },
      bridge: { type: "string" },
      minutes: { type: "string" },
      output: { type: "string", default: "bench/results" },
      add: { type: "boolean", default: false },
      backup: { type: "boolean", default: false },
    },
  });
  const { quick } = values;
  const bridgeRounds = numberOf("bridge", values.bridge ?? (quick ? "1" : "3"), 0);
  return {
    quick,
    heats: quick ? QUICK : everyCase(values),
    previews: numberOf("previews", values.previews ?? (quick ? "3" : "10"), 0),
    bridge: { megabytes: quick ? 100 : 700, rounds: bridgeRounds },
    minutes: numberOf("minutes", values.minutes ?? (quick ? "8" : "600"), 1),
    output: values.output,
    add: values.add,
    backup: values.backup,
  };
}

function everyCase(
  values: Record<"sizes" | "connections" | "loads" | "contestants" | "rounds", string>,
): Heat[] {
  const sizes = listOf(values.sizes).map((text) => numberOf("sizes", text, 0.001));
  const connections = listOf(values.connections).map((text) => wholeOf("connections", text));
  const loads = listOf(values.loads).map((text) => oneOf("loads", text, ["idle", "load"] as const));
  const contestants = listOf(values.contestants).map((text) => oneOf("contestants", text, CONTESTANTS));
  const rounds = wholeOf("rounds", values.rounds);
  return sizes.flatMap((gigabytes) =>
    connections.flatMap((count) =>
      loads.map((load) => ({ gigabytes, connections: count, load, contestants, rounds })),
    ),
  );
}

function listOf(text: string): string[] {
  return text.split(",").map((item) => item.trim());
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < least)
    throw new Error(`--${name} ${text}: a number of at least ${least} is needed`);
  return value;
}

function wholeOf(name: string, text: string): number {
  const value = numberOf(name, text, 1);
  if (!Number.isInteger(value)) throw new Error(`--${name} ${text}: a whole number is needed`);
  return value;
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new Error(`--${name} ${text}: one of ${allowed.join(", ")} is needed`);
  return found;
}
