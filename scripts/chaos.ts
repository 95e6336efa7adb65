/** `npm run chaos`: every fault at every phase boundary of cutover and rollback, with clients writing, and an audit. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { Arenas, type Arena } from "./chaos/arena.ts";
import { isClean, notRun, summarize, type CaseResult } from "./chaos/caseResult.ts";
import { nameOf, randomCases, type Case } from "./chaos/cases.ts";
import { sentenceOf } from "./chaos/converge.ts";
import { FAULTS } from "./chaos/faults/index.ts";
import { missingFor } from "./chaos/missing.ts";
import { CHAOS_USAGE, parseChaosOptions, type ChaosOptions } from "./chaos/options.ts";
import { CaseRecord } from "./chaos/record.ts";
import { runCase } from "./chaos/runCase.ts";
import { progressLine, table } from "./chaos/table.ts";
import { PROJECT_ROOT } from "../test/support/testStack.ts";
import { dockerEnvironment, stateFolder } from "./setup/environment.ts";

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
  // Hundreds of times the same program: its compilation is half of what an update costs.
  process.env["NODE_COMPILE_CACHE"] ??= join(stateFolder(PROJECT_ROOT), "compiled");
  const stop = interruption();
  const arenas = new Arenas({ versions: options.versions });
  const record = new CaseRecord(options.record);
  try {
    await runAll(options, arenas, record, stop);
  } finally {
    if (!options.keep) await arenas.remove();
  }
  const { results } = record;
  console.log(`\n${table(results)}`);
  if (options.cases === undefined) {
    console.log(
      `\nseed ${options.seed}: \`npm run chaos -- --seed ${options.seed} --minutes <m>\` repeats this`,
    );
  }
  console.log(`\n${JSON.stringify(summarize(results))}`);
  return results.length > 0 && results.every(isClean) ? 0 : 1;
}

async function runAll(
  options: ChaosOptions,
  arenas: Arenas,
  record: CaseRecord,
  stop: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + options.minutes * 60_000;
  if (options.cases === undefined) console.log(`seed ${options.seed}`);
  const missing = await missingFor();
  for (const [fault, lacks] of missing) console.log(`left out: ${fault}, which needs ${lacks}`);
  let [number, inARow] = [0, 0];
  for (const one of options.cases ?? randomCases(options.seed)) {
    number += 1;
    if (stop.aborted || performance.now() > deadline) return;
    if (missing.has(one.fault) || record.hasPassed(one)) continue;
    const begin = performance.now();
    const result = await attempt(one, arenas.on(FAULTS[one.fault].ground), options.seed + number);
    await record.add(result);
    console.log(progressLine(result, number, options.cases?.length, (performance.now() - begin) / 1000));
    if (!isClean(result)) explain(result);
    inARow = result.outcome === "not run" ? inARow + 1 : 0;
    if (inARow >= GIVE_UP) {
      throw new Error(`${GIVE_UP} cases in a row could not be run: ${result.sentence ?? ""}`);
    }
  }
}

function explain({ case: one, findings, sentence }: CaseResult): void {
  for (const finding of findings) console.log(`    ${finding}`);
  if (sentence !== undefined) console.log(`    ${sentence}`);
  console.log(`    again: npm run chaos -- --only ${nameOf(one)}`);
}

/** A case that can't be carried out counts as one that did not converge. */
async function attempt(one: Case, arena: Arena, seed: number): Promise<CaseResult> {
  try {
    return await runCase(one, arena, seed);
  } catch (error) {
    arena.spoil();
    return notRun(one, reasonOf(error));
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
