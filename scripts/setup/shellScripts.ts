import { join } from "node:path";

/** The line by which a stand-in is told from an official plugin, whoever wrote it. */
export const STAND_IN_MARK = "# Stand-in for the official plugin";

/** A word for the shell, whatever it contains. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Runs the language host that was built here, under the name that the engine looks for. */
export function languageHostScript(): string {
  return [
    "#!/bin/sh",
    "# Stands beside a language host that is older than the CLI and doesn't read its runtime options.",
    `exec "$(dirname "$0")/pulumi-language-nodejs-host" -typescript=false "$@"`,
    "",
  ].join("\n");
}

/** Runs the provider of dynamic resources that the program's own @pulumi/pulumi brings. */
export function dynamicProviderScript(): string {
  const resolve = `require("node:module").createRequire(process.cwd() + "/").resolve("@pulumi/pulumi/cmd/dynamic-provider")`;
  return [
    "#!/bin/sh",
    "# Starts the provider of dynamic resources that the project's own @pulumi/pulumi brings.",
    `script=$(node -e 'process.stdout.write(${resolve})') || exit 1`,
    `exec node "$script" "$@"`,
    "",
  ].join("\n");
}

/** Runs the docker provider's stand-in of one checkout, with that checkout's Node. */
export function standInScript(projectRoot: string): string {
  const node = join(projectRoot, "node_modules", ".bin", "node");
  const main = join(projectRoot, "test", "ground", "dockerProvider", "main.ts");
  return [
    "#!/bin/sh",
    `${STAND_IN_MARK}, which could not be downloaded; written by \`npm run setup\`.`,
    `exec ${shellQuote(node)} ${shellQuote(main)} "$@"`,
    "",
  ].join("\n");
}
