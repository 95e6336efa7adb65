/** `npm run chaos`: every fault at every phase boundary of cutover and rollback, with clients writing, and an audit. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { messageOf } from "../components/engine/messageOf.ts";
import { isClean, summarize } from "./chaos/caseResult.ts";
import { MatrixRun } from "./chaos/matrixRun.ts";
import { CHAOS_USAGE, parseChaosOptions } from "./chaos/options.ts";
import { CaseRecord } from "./chaos/record.ts";
import { table } from "./chaos/table.ts";
import { PROJECT_ROOT } from "../test/support/testStack.ts";
import { interruption } from "./interruption.ts";
import { dockerEnvironment, stateFolder } from "./setup/environment.ts";

const LARGEST_SEED = 1_000_000;

const INTERRUPTED = {
  first: "Interrupted: the case under way is the last one (interrupt again to leave its stack)",
  second:
    "The stacks of the cases under way are left (stacks/Pulumi.chaos*.yaml, containers redis-chaos*); the next run of the same faults removes them",
};

async function main(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(CHAOS_USAGE);
    return 0;
  }
  const options = parseChaosOptions(args, () => randomInt(1, LARGEST_SEED));
  Object.assign(process.env, dockerEnvironment(PROJECT_ROOT));
  // Hundreds of times the same program: compiling it is half of what loading it costs.
  process.env["NODE_COMPILE_CACHE"] ??= join(stateFolder(PROJECT_ROOT), "compiled");
  const record = new CaseRecord(options.record, options.versions);
  const stop = interruption("the matrix was interrupted", INTERRUPTED);
  const problems = await new MatrixRun(options, record, stop)
    .run()
    .catch((error: unknown) => [messageOf(error)]);
  const { results, earlier } = record;
  console.log(`\n${table(results)}`);
  if (options.cases === undefined) {
    console.log(
      `\nseed ${options.seed}: \`npm run chaos -- --seed ${options.seed} --minutes <m>\` repeats this`,
    );
  }
  if (earlier > 0) {
    console.log(
      `\n${earlier} of ${results.length} results are from earlier runs (${options.record ?? ""}), perhaps of another state of the program; ${results.length - earlier} cases ran now`,
    );
  }
  for (const problem of problems) console.error(`\n${problem}`);
  // Last, whatever else happened: this line is what scripts read.
  console.log(`\n${JSON.stringify(summarize(results))}`);
  return problems.length === 0 && results.length > 0 && results.every(isClean) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
