/** `npm run chaos`: every fault at every phase boundary of cutover and rollback, with clients writing, and an audit. */
import { randomInt } from "node:crypto";
import { Arena } from "./chaos/arena.ts";
import { isClean, summarize, type CaseResult } from "./chaos/caseResult.ts";
import { nameOf, randomCases, type Case } from "./chaos/cases.ts";
import { sentenceOf } from "./chaos/converge.ts";
import { CHAOS_USAGE, parseChaosOptions, type ChaosOptions } from "./chaos/options.ts";
import { runCase } from "./chaos/runCase.ts";
import { progressLine, table } from "./chaos/table.ts";
import { PROJECT_ROOT } from "../test/support/testStack.ts";
import { dockerEnvironment } from "./setup/environment.ts";

const LARGEST_SEED = 1_000_000;
/** After so many cases that could not be run it is the machine, or this program. */
const GIVE_UP = 3;

async function main(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(CHAOS_USAGE);
    return 0;
  }
  const options = parseChaosOptions(args, () => randomInt(1, LARGEST_SEED));
  Object.assign(process.env, dockerEnvironment(PROJECT_ROOT));
  const stop = interruption();
  const arena = new Arena({ versions: options.versions });
  const results: CaseResult[] = [];
  try {
    await runAll(options, arena, results, stop);
  } finally {
    if (!options.keep) await arena.remove();
  }
  const summary = summarize(results);
  console.log(`\n${table(results)}`);
  if (options.cases === undefined) {
    console.log(
      `\nseed ${options.seed}: \`npm run chaos -- --seed ${options.seed} --minutes <m>\` repeats this`,
    );
  }
  console.log(`\n${JSON.stringify(summary)}`);
  return results.length > 0 && results.every(isClean) ? 0 : 1;
}

async function runAll(
  options: ChaosOptions,
  arena: Arena,
  results: CaseResult[],
  stop: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + options.minutes * 60_000;
  if (options.cases === undefined) console.log(`seed ${options.seed}`);
  let number = 0;
  for (const one of options.cases ?? randomCases(options.seed)) {
    if (stop.aborted || performance.now() > deadline) return;
    number += 1;
    const begin = performance.now();
    const result = await attempt(one, arena, options.seed + number);
    results.push(result);
    console.log(progressLine(result, number, options.cases?.length, (performance.now() - begin) / 1000));
    if (results.length >= GIVE_UP && results.slice(-GIVE_UP).every(({ outcome }) => outcome === "not run")) {
      throw new Error(`${GIVE_UP} cases in a row could not be run: ${result.sentence ?? ""}`);
    }
    if (isClean(result)) continue;
    for (const finding of result.findings) console.log(`    ${finding}`);
    if (result.sentence !== undefined) console.log(`    ${result.sentence}`);
    console.log(`    again: npm run chaos -- --only ${nameOf(one)}`);
  }
}

/** A case that can't be carried out counts as one that did not converge. */
async function attempt(one: Case, arena: Arena, seed: number): Promise<CaseResult> {
  try {
    return await runCase(one, arena, seed);
  } catch (error) {
    arena.spoil();
    return {
      case: one,
      outcome: "not run",
      sentence: reasonOf(error),
      ups: 0,
      unavailableMs: 0,
      writes: 0,
      lost: 0,
      repeated: 0,
      writers: 0,
      looks: 0,
      stuck: false,
      converged: false,
      findings: [],
    };
  }
}

/** A line of it: the output of a command that failed may be in there. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [first = "", ...rest] = text.split("\n");
  return rest.length === 0 ? first : `${first} ${sentenceOf(rest.join("\n"))}`;
}

/** The first Ctrl-C ends the run after the case that is under way; the second one gives up. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      console.error("\nInterrupted: this case is the last one (interrupt again to leave the stack)");
      controller.abort();
    });
  }
  return controller.signal;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
