import type * as esbuild from "esbuild";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The bridge's process as one text: an ES module that needs nothing but Node.js 22 or newer. The same sources give the
 * same text, in whichever folder they are.
 * @throws where esbuild is not installed, or does not run on this machine
 */
export function bridgeBundle(): string {
  // Only who makes a bundle needs the tool, which starts a process of its own.
  const tool = createRequire(import.meta.url)("esbuild") as typeof esbuild;
  const here = fileURLToPath(import.meta.url);
  // Packed, the sources are JavaScript.
  const entry = join(dirname(here), `main${extname(here)}`);
  const { outputFiles } = tool.buildSync({
    entryPoints: [entry],
    absWorkingDir: dirname(here),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    minify: true,
    legalComments: "none",
    write: false,
    logLevel: "silent",
    // A tsconfig.json of whoever installed the package must not change what comes of it.
    tsconfigRaw: {},
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("the bridge's bundle is empty");
  return file.text;
}
