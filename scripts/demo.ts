/** `npm run demo`: a real upgrade and a real rollback, with clients writing all the while, and an audit. */
import { formatVersion } from "../components/engine/serverVersion.ts";
import { seedDataset } from "../test/support/workload/seed.ts";
import { parseDemoOptions, USAGE, type DemoOptions } from "./demo/options.ts";
import { findFreePorts } from "./demo/ports.ts";
import { PulumiCli } from "./demo/pulumi.ts";
import { runThereAndBack, type Narrate } from "./demo/run.ts";
import { demoStackExists, removeDemoStack } from "./demo/removal.ts";
import { DEMO_STACK, DemoStack, DEPLOYMENT, PROJECT_ROOT } from "./demo/stack.ts";
import { isClean, summarize, type Run, type Summary } from "./demo/summary.ts";
import { pickVersions, versionsOnThisMachine, type VersionPair } from "./demo/versions.ts";
import { interruption } from "./interruption.ts";
import { dockerEnvironment, pulumiEnvironment } from "./setup/environment.ts";

/** Shown when removing the stack failed too. */
const BY_HAND = `Stack ${DEMO_STACK} could not be removed completely. \`npm run demo -- --clean\` tries again. In Docker,
the names of its containers, volumes and network start with ${DEPLOYMENT}.`;

const INTERRUPTED = {
  first: "Interrupted: removing the stack (interrupt again to leave it)",
  second: BY_HAND,
};

const say: Narrate = (text) => {
  console.log(`\n== ${text}`);
};

async function main(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const options = parseDemoOptions(args);
  Object.assign(process.env, dockerEnvironment(PROJECT_ROOT));
  const environment = pulumiEnvironment(PROJECT_ROOT);
  const pulumi = new PulumiCli(PROJECT_ROOT, DEMO_STACK, { ...process.env, ...environment }, options.quiet);
  if (demoStackExists()) {
    say("Removing the stack that an earlier demo left");
    if (!(await cleanUp(pulumi)) && demoStackExists()) return 1;
  }
  if (options.clean) return 0;

  const versions = pickVersions(await versionsOnThisMachine(), options);
  const signal = interruption("the demo was interrupted", INTERRUPTED);
  const stack = new DemoStack(pulumi, await findFreePorts(), signal);
  let summary: Summary;
  try {
    summary = await demonstrate(stack, versions, options, signal);
  } catch (error) {
    complain(error);
    await cleanUp(pulumi);
    return 1;
  }
  if (options.keep) console.log(`\n${stack.howToLook(environment)}`);
  const removed = options.keep || (await cleanUp(pulumi));
  // Last, whatever else happened: this line is what scripts read.
  console.log(`\n${JSON.stringify(summary)}`);
  return isClean(summary) && removed ? 0 : 1;
}

function complain(error: unknown): void {
  console.error(error instanceof Error ? `\n${error.message}` : error);
}

/** The main job, from an empty stack to the audit of the last run. */
async function demonstrate(
  stack: DemoStack,
  versions: VersionPair,
  options: DemoOptions,
  signal: AbortSignal,
): Promise<Summary> {
  say(`${formatVersion(versions.blue)} → ${formatVersion(versions.green)} and back, without loss`);
  await stack.create(versions.blue);
  await stack.up();
  const seeded = await seedDataset(stack.endpoint, { keys: options.keys });
  say(`Blue is live and holds ${seeded.keys} keys of all types, ${seeded.expiring} of them expiring`);
  await stack.addGreen(versions.green);
  if (!options.quiet) await stack.preview();
  await stack.up();
  say(
    options.runs === 1 ? "Green follows blue" : `Green follows blue: ${options.runs} runs on this deployment`,
  );

  const runs: Run[] = [];
  const narrate: Narrate = options.quiet ? () => undefined : say;
  for (let i = 1; i <= options.runs; i++) {
    const run = await runThereAndBack(stack, { seconds: options.seconds, signal, narrate, warn: say });
    runs.push(run);
    if (options.quiet) console.log(`run ${i} of ${options.runs}: ${JSON.stringify(run)}`);
  }
  return summarize(versions, runs);
}

/** Removes the stack, however the demo ended; returns whether Pulumi could do it. */
async function cleanUp(pulumi: PulumiCli): Promise<boolean> {
  try {
    if (demoStackExists()) await removeDemoStack(pulumi, say);
    return true;
  } catch (error) {
    complain(error);
    if (demoStackExists()) console.error(BY_HAND);
    return false;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  complain(error);
  process.exitCode = 1;
}
