// Gets what the demo and the tests need on this machine, or with --check only reports it; --tests: also the images
// that only tests use.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dockerPart } from "./setup/docker.ts";
import { readSetupReport, stateFolder, type SetupReport } from "./setup/environment.ts";
import { imageParts } from "./setup/images.ts";
import { formatOutcome, SetupError, type Outcome, type Part } from "./setup/part.ts";
import { pulumiParts } from "./setup/pulumi.ts";

const HEARTBEAT_MS = 30_000;
const IMAGES_AT_ONCE = 2;

const projectRoot = join(import.meta.dirname, "..");
const { values } = parseArgs({
  options: { check: { type: "boolean", default: false }, tests: { type: "boolean", default: false } },
});
const report: SetupReport = { parts: {} };
/** Names of the parts without which nothing runs. */
const missing: string[] = [];
const hostAtStart = process.env["DOCKER_HOST"];

/** Looks after one part and prints its line; returns whether the part is there. */
async function settle(part: Part): Promise<boolean> {
  const start = Date.now();
  const outcome = await outcomeOf(part, start);
  console.log(formatOutcome(part, outcome, Date.now() - start));
  if ("report" in outcome) report.parts[part.key] = outcome.report;
  else if (!part.optional) missing.push(part.name);
  return "report" in outcome;
}

async function outcomeOf(part: Part, start: number): Promise<Outcome> {
  const found = await part.find();
  if (found !== undefined) return { state: "ready", report: found };
  if (values.check) return { state: "missing" };
  let stage = "";
  const show = (): void => {
    console.log(`  ... ${part.name}: ${stage}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  };
  const heartbeat = setInterval(show, HEARTBEAT_MS);
  try {
    const got = await part.get((text) => {
      stage = text;
      show();
    });
    return { state: "now ready", report: got };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { state: "not to be had", reason: error.message };
  } finally {
    clearInterval(heartbeat);
  }
}

/** Settles parts of which each needs those before it. */
async function settleInOrder(parts: Part[]): Promise<void> {
  for (const part of parts) {
    if (!(await settle(part)) && !values.check) return;
  }
}

/** Docker, then the images, a few at a time. */
async function settleContainers(): Promise<void> {
  if (!(await settle(dockerPart(projectRoot)))) return;
  const host = process.env["DOCKER_HOST"];
  if (host !== undefined && host !== hostAtStart) report.dockerHost = host;
  const waiting = imageParts(values.tests);
  const worker = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await settle(part);
  };
  await Promise.all(Array.from({ length: IMAGES_AT_ONCE }, worker));
}

// By itself a signal ends this process without its "exit", where the commands under way are killed.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

await Promise.all([settleContainers(), settleInOrder(pulumiParts(projectRoot))]);
if (!values.check) {
  // What an earlier run with other options found is still there.
  report.parts = { ...readSetupReport(projectRoot)?.parts, ...report.parts };
  mkdirSync(stateFolder(projectRoot), { recursive: true });
  writeFileSync(join(stateFolder(projectRoot), "setup.json"), `${JSON.stringify(report, null, 2)}\n`);
}
if (missing.length > 0) {
  console.log(`Missing: ${missing.join(", ")}.${values.check ? " `npm run setup` gets what it can." : ""}`);
  process.exitCode = 1;
}
