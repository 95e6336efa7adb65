/** `npm run bench`: this project's cutover and its peers, on the same servers in the same run. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { format, resolveConfig } from "prettier";
import { hasUnaudited, summarizeCases, type BenchResults } from "../bench/peers/benchResults.ts";
import { lastLineOf } from "../bench/peers/lastLine.ts";
import { markdownOf } from "../bench/peers/markdown.ts";
import { mergeResults } from "../bench/peers/merge.ts";
import { parseBenchOptions, USAGE } from "../bench/peers/options.ts";
import { plotOf } from "../bench/peers/plot.ts";
import { BenchRun } from "../bench/peers/run.ts";
import { benchContainers } from "../bench/peers/scene.ts";
import { interruption } from "./interruption.ts";
import { dockerEnvironment, setupReport } from "./setup/environment.ts";

const PROJECT_ROOT = join(import.meta.dirname, "..");

const INTERRUPTED = {
  first:
    "Interrupted: the round under way is ended, and what was started is removed (interrupt again to leave it)",
  second: "The next bench removes what this one leaves.",
};

async function main(args: string[]): Promise<void> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return;
  }
  const options = parseBenchOptions(args);
  Object.assign(process.env, environment());
  const containers = benchContainers();
  await containers.removeAll();
  const say = (text: string): void => {
    console.log(text);
  };
  const folder = resolve(PROJECT_ROOT, options.output);
  const earlier = options.add ? await earlierIn(folder, options.quick) : undefined;
  const signal = interruption("the bench was interrupted", INTERRUPTED);
  const run = await BenchRun.create(options, args.join(" "), signal, say);
  // Throws now rather than after an hour, where they can't be added.
  if (earlier !== undefined) mergeResults(earlier, run.results);
  try {
    const measured = await run.run();
    const results = earlier === undefined ? measured : mergeResults(earlier, measured);
    await save(results, folder);
    if (signal.aborted || hasUnaudited(results)) process.exitCode = 1;
    // Last, whatever else happened: this line is what scripts read.
    console.log(`\n${JSON.stringify(lastLineOf(results))}`);
  } finally {
    await containers.removeAll();
  }
}

/** Results that are there already; undefined where there are none. */
async function earlierIn(folder: string, quick: boolean): Promise<BenchResults | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, `${fileName(quick)}.json`), "utf8")) as BenchResults;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function fileName(quick: boolean): string {
  return quick ? "quick" : "peers";
}

async function save(results: BenchResults, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = fileName(results.quick);
  const json = { lastLine: lastLineOf(results), cases: summarizeCases(results.rounds), ...results };
  await writeTidily(join(folder, `${name}.json`), JSON.stringify(json));
  await writeTidily(join(folder, `${name}.md`), markdownOf(results, `${name}.svg`));
  await writeFile(join(folder, `${name}.svg`), plotOf(results));
  console.log(`results: ${join(folder, name)}.md, .json, .svg`);
}

/** As the checks want files of this repository to look. */
async function writeTidily(file: string, text: string): Promise<void> {
  const config = await resolveConfig(join(PROJECT_ROOT, "package.json"));
  await writeFile(file, await format(text, { ...config, filepath: file }));
}

function environment(): Record<string, string> {
  const { parts } = setupReport(PROJECT_ROOT);
  const built = Object.keys(parts).some((key) => key.startsWith("image ") && parts[key]?.origin === "built");
  // The image of testcontainers' reaper, which the bridge's bench would start, comes from a registry only.
  return { ...dockerEnvironment(PROJECT_ROOT), ...(built ? { TESTCONTAINERS_RYUK_DISABLED: "true" } : {}) };
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? `\n${error.message}` : error);
  process.exitCode = 1;
}
