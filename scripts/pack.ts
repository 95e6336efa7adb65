// Around `npm pack`: `build` compiles components/ to dist/, because Node doesn't strip types below node_modules, and
// lets package.json's exports name the result; `restore` puts package.json back. What is killed in between is
// repaired by either of them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compiledExports } from "./pack/exports.ts";
import { stateFolder } from "./setup/environment.ts";

const projectRoot = join(import.meta.dirname, "..");
const manifest = join(projectRoot, "package.json");
const backup = join(stateFolder(projectRoot), "package.json.before-pack");

function restore(): void {
  if (existsSync(backup)) renameSync(backup, manifest);
}

function build(): void {
  rmSync(join(projectRoot, "dist"), { recursive: true, force: true });
  const compiler = join(projectRoot, "node_modules", "typescript", "bin", "tsc");
  const compiled = spawnSync(process.execPath, [compiler, "--project", "tsconfig.build.json"], {
    cwd: projectRoot,
    stdio: "inherit",
    timeout: 300_000,
  });
  if (compiled.status !== 0) fail("components/ does not compile, so that nothing is packed.");
  const original = readFileSync(manifest, "utf8");
  const packed = compiledExports(JSON.parse(original) as { exports: Record<string, string> });
  mkdirSync(stateFolder(projectRoot), { recursive: true });
  writeAtOnce(backup, original);
  writeAtOnce(manifest, `${JSON.stringify(packed, null, 2)}\n`);
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

function writeAtOnce(path: string, text: string): void {
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

const step = process.argv[2];
if (step !== "build" && step !== "restore") fail("usage: node scripts/run.js pack build|restore");
restore();
if (step === "build") build();
