import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_ROOT, type TestStack } from "./testStack.ts";

/**
 * Looks for the stack's passwords in clear wherever somebody may look: the exported state and the backend's own files,
 * everything that the CLI printed, reports and backups, and what Docker shows of each container.
 * @returns where one was found and whose it is; empty as it should be
 */
export async function findPasswords(stack: TestStack): Promise<string[]> {
  const places: [string, string][] = [
    ["the exported state", await stack.mustPulumi("stack", "export")],
    ["what the CLI printed", stack.log],
    [stack.configFile, await readFile(stack.configFile, "latin1")],
    ...(await filesBelow(stack.directory)),
    ...(await filesBelow(join(PROJECT_ROOT, ".state", "backend"), stack.name)),
  ];
  for (const container of await stack.containers()) {
    places.push([`docker inspect ${container}`, await stack.docker("inspect", container)]);
    places.push([`docker logs ${container}`, await stack.docker("logs", container)]);
  }
  const proxy = `${stack.deployment}-proxy`;
  const config = await stack.docker("exec", proxy, "cat", "/usr/local/etc/haproxy/haproxy.cfg");
  places.push(["the proxy's configuration", config]);
  return places.flatMap(([place, text]) => passwordsIn(stack, text).map((user) => `${place}: ${user}`));
}

/** Whose passwords stand in a text in clear. */
export function passwordsIn(stack: TestStack, text: string): string[] {
  return Object.entries(stack.passwords).flatMap(([user, password]) =>
    text.includes(password) ? [user] : [],
  );
}

/** A file inside a server's container. */
export interface ServerFile {
  path: string;
  /** Octal. */
  mode: string;
  /** Whose passwords stand in it in clear. */
  passwords: string[];
}

/** All files that a server was given or wrote. */
export async function serverFiles(stack: TestStack, container: string): Promise<ServerFile[]> {
  const listing = await stack.docker(
    ...[
      "exec",
      container,
      "find",
      "/data",
      "/etc/redis-bluegreen",
      "-ignore_readdir_race",
      "-type",
      "f",
      "-printf",
      "%m %p\\n",
    ],
  );
  const files: ServerFile[] = [];
  for (const line of listing.trim().split("\n")) {
    const [mode = "", path = ""] = line.split(" ");
    // A server's own temporary files, as of a save, may be gone by now.
    const read = ["sh", "-c", 'cat "$0" || [ ! -e "$0" ]', path];
    const text = await stack.docker("exec", container, ...read);
    files.push({ path, mode, passwords: passwordsIn(stack, text) });
  }
  return files;
}

async function filesBelow(folder: string, part = ""): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const wanted = paths.filter((path) => path.includes(part));
  return Promise.all(
    wanted.map(async (path): Promise<[string, string]> => [path, await readFile(path, "latin1")]),
  );
}
