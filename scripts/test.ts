// Runs the checks and the test layers one after the other: all of them, or those that are named.
// `npm test -- unit`, `npm test -- lint e2e`; what is no stage's name goes to vitest as a filter of files.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dockerEnvironment, setupReport, stateFolder } from "./setup/environment.ts";
import { countTests, type Count } from "./test/count.ts";

const STAGE_MS = 3_600_000;
const CHECKS: Record<string, string[]> = {
  typecheck: ["typescript/bin/tsc"],
  lint: ["eslint/bin/eslint.js", ".", "--max-warnings", "0"],
  format: ["prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."],
};
const LAYERS = ["unit", "components", "provider", "ground", "e2e"];

const projectRoot = join(import.meta.dirname, "..");
const results = join(stateFolder(projectRoot), "test");
const stages = [...Object.keys(CHECKS), ...LAYERS];
const named = process.argv.slice(2).filter((argument) => stages.includes(argument));
const filters = process.argv.slice(2).filter((argument) => !stages.includes(argument));

/** Runs a program of node_modules with this Node, its output going straight to the terminal. */
function runTool([program = "", ...args]: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(projectRoot, "node_modules", program), ...args], {
      cwd: projectRoot,
      stdio: "inherit",
      env: { ...process.env, ...testEnvironment() },
      timeout: STAGE_MS,
    });
    child.once("error", () => {
      resolve(false);
    });
    child.once("close", (code) => {
      resolve(code === 0);
    });
  });
}

function testEnvironment(): Record<string, string> {
  const { parts } = setupReport(projectRoot);
  const registry = !Object.keys(parts).some(
    (key) => key.startsWith("image ") && parts[key]?.origin === "built",
  );
  return {
    ...dockerEnvironment(projectRoot),
    // The end-to-end tests start hundreds of Node processes that load the same code.
    NODE_COMPILE_CACHE: join(stateFolder(projectRoot), "compile-cache"),
    // The image of testcontainers' reaper comes from a registry only.
    ...(registry ? {} : { TESTCONTAINERS_RYUK_DISABLED: "true" }),
  };
}

async function runStage(stage: string): Promise<Count> {
  const check = CHECKS[stage];
  if (check !== undefined) {
    const ok = await runTool(check);
    return ok ? { passed: 1, failed: 0, failures: [] } : { passed: 0, failed: 1, failures: [stage] };
  }
  const file = join(results, `${stage}.json`);
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  // A layer without tests is a mistake, unless it is the filters that leave none.
  const chosen = filters.length === 0 ? [] : ["--passWithNoTests", ...filters];
  const ok = await runTool(["vitest/vitest.mjs", "run", "--project", stage, ...reporters, ...chosen]);
  return countTests(read(file), ok);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

mkdirSync(results, { recursive: true });
const total: Count = { passed: 0, failed: 0, failures: [] };
const times: string[] = [];
for (const stage of named.length === 0 ? stages : stages.filter((name) => named.includes(name))) {
  console.log(`\n== ${stage}`);
  const start = Date.now();
  const count = await runStage(stage);
  total.passed += count.passed;
  total.failed += count.failed;
  total.failures.push(...count.failures.map((failure) => failure.replace(`${projectRoot}/`, "")));
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  times.push(`${stage}: ${count.passed} passed, ${count.failed} failed in ${seconds} s`);
}
if (total.failures.length > 0) console.log(`\nfailed:\n  ${total.failures.join("\n  ")}`);
console.log(`\n${times.join("\n")}\n\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
