import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * The path of a directory that stands in config relative to the folder of Pulumi.yaml. A provider runs in the folder of
 * the program, which may lie below it; the state keeps the path as it was written, so that it is the same everywhere.
 */
export function inProjectFolder(path: string): string {
  let folder = process.cwd();
  while (!existsSync(join(folder, "Pulumi.yaml")) && dirname(folder) !== folder) folder = dirname(folder);
  return resolve(existsSync(join(folder, "Pulumi.yaml")) ? folder : process.cwd(), path);
}
