import { createReadStream, readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { isInstalled, run, type CommandResult } from "./command.ts";
import { canInstallPackages, distribution, installPackages } from "./distribution.ts";
import { finished } from "./docker.ts";
import { SetupError, type Progress } from "./part.ts";

/** How an image is made of Debian packages. */
export interface DebianRecipe {
  /** The program that the image runs; the package that holds it has the same name, where `file` is absent. */
  program: string;
  /** The program itself, where it comes from elsewhere; the packages that it needs. */
  file?: { path: string; packages: string[] };
  /** The package comes from the last one; those before it hold what it depends on. */
  suites: string[];
}

const BUILD_MS = 600_000;

/**
 * Makes an image with one program of a Debian suite in it and gives it the tag.
 * @returns the program's version
 * @throws SetupError where the tools are missing or the suite has another version than the tag names
 */
export async function buildDebianImage(
  image: string,
  recipe: DebianRecipe,
  progress: Progress,
): Promise<string> {
  await (tools ??= ensureTools());
  const folder = await mkdtemp(join(tmpdir(), "redis-bluegreen-image-"));
  try {
    progress(`building from Debian ${recipe.suites.at(-1) ?? ""}`);
    const archive = join(folder, "image.tar");
    const result = await run("mmdebstrap", mmdebstrapArguments(recipe, archive, mirror()), {
      timeoutMs: BUILD_MS,
    });
    if (!result.ok) throw new SetupError(`building it from Debian packages failed: ${firstError(result)}`);
    const version = versionIn(result.output);
    if (version === undefined || !isVersionOf(image, version)) {
      const origin = recipe.file === undefined ? `Debian ${recipe.suites.at(-1) ?? ""}` : "node_modules";
      throw new SetupError(`${origin} has ${recipe.program} ${version ?? "of no known version"} now`);
    }
    progress("importing");
    await importArchive(archive, image, recipe.program);
    return version;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a tag means this version: `7.0` means 7.0.15, and `24-slim` means 24.21.0. */
export function isVersionOf(image: string, version: string): boolean {
  const tag = image.slice(image.lastIndexOf(":") + 1).split("-")[0] ?? "";
  return `${version}.`.startsWith(`${tag}.`);
}

let tools: Promise<void> | undefined;

async function ensureTools(): Promise<void> {
  if (await isInstalled("mmdebstrap")) return;
  if (!canInstallPackages()) {
    throw new SetupError(
      "building it needs mmdebstrap: make a registry reachable, or run this as root on Debian or Ubuntu",
    );
  }
  await installPackages("mmdebstrap", "debian-archive-keyring");
}

/**
 * The call that writes a minimal Debian with the recipe's program as an archive and prints the program's version.
 * @param mirror undefined for the tool's default
 * @throws SetupError where several suites are wanted and no mirror is known
 */
export function mmdebstrapArguments(
  recipe: DebianRecipe,
  archive: string,
  mirror: string | undefined,
): string[] {
  const [base = "", ...further] = recipe.suites;
  const { program } = recipe;
  const options = [
    "--variant=minbase",
    `--include=${packagesOf(recipe)}`,
    `--aptopt=Acquire::Languages "none"`,
    // A mirror may be a snapshot, whose unstable suites are past their date. The signatures are checked all the same.
    ...(recipe.suites.includes("sid") ? [`--aptopt=Acquire::Check-Valid-Until "false"`] : []),
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    ...(recipe.file === undefined ? [] : [`--customize-hook=copy-in "${recipe.file.path}" /usr/local/bin`]),
    `--customize-hook=chroot "$1" ${program} ${program === "haproxy" ? "-v" : "--version"}`,
  ];
  if (further.length === 0) return [...options, base, archive, ...(mirror === undefined ? [] : [mirror])];
  if (mirror === undefined) throw new SetupError("building it needs a Debian mirror in apt's sources");
  return [...options, base, archive, ...recipe.suites.map((suite) => `deb ${mirror} ${suite} main`)];
}

/** From a suite that merely adds to another, apt takes only what is asked for by suite, tools of the same version too. */
function packagesOf({ program, suites, file }: DebianRecipe): string {
  if (file !== undefined) return file.packages.join(",");
  const suite = suites.at(-1);
  if (suites.length < 2 || suite === undefined) return program;
  return [program, program.replace("-server", "-tools")].map((name) => `${name}/${suite}`).join(",");
}

/** mmdebstrap ends with what it cleaned up; the reason is the first error. */
function firstError({ output, failure }: CommandResult): string {
  return /^E: (.*)$/m.exec(output)?.[1] ?? failure;
}

/** Finds what a server's or Node's `--version`, or `haproxy -v`, printed among other lines. */
export function versionIn(output: string): string | undefined {
  return /(?:server v=|HAProxy version |^v)(\d+\.\d+\.\d+)/m.exec(output)?.[1];
}

/** This machine's own Debian mirror; undefined where it has none, e.g. on Ubuntu. */
function mirror(): string | undefined {
  if (distribution() !== "debian") return undefined;
  const folder = "/etc/apt/sources.list.d";
  for (const read of [
    () => readdirSync(folder).map((name) => join(folder, name)),
    () => ["/etc/apt/sources.list"],
  ]) {
    try {
      const found = mirrorIn(
        read()
          .map((path) => readFileSync(path, "utf8"))
          .join("\n"),
      );
      if (found !== undefined) return found;
    } catch {
      // Either form may be absent.
    }
  }
  return undefined;
}

/** The first address in apt's sources, in either of their two forms. */
export function mirrorIn(sources: string): string | undefined {
  return /^URIs:\s*(\S+)/m.exec(sources)?.[1] ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(sources)?.[1];
}

async function importArchive(archive: string, image: string, program: string): Promise<void> {
  const docker = new Docker();
  const colon = image.lastIndexOf(":");
  const events = await docker.importImage(createReadStream(archive), {
    repo: image.slice(0, colon),
    tag: image.slice(colon + 1),
    changes: `CMD ["${program}"]`,
  });
  await finished(docker, events);
}
