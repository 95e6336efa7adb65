import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type * as Esbuild from "esbuild";

/** The process's code as one file, from these sources or from the package's compiled ones. */
export function bridgeBundle(): string {
  // Only a program that deploys a bridge loads it.
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof Esbuild;
  const source = fileURLToPath(new URL("./main.ts", import.meta.url));
  const entry = existsSync(source) ? source : fileURLToPath(new URL("./main.js", import.meta.url));
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    platform: "node",
    target: "node22",
    format: "esm",
  });
  return outputFiles[0]?.text ?? "";
}
