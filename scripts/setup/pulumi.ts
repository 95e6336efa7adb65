import {
  access,
  chmod,
  constants,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isInstalled, run, type CommandResult } from "./command.ts";
import { canInstallPackages, installPackages } from "./distribution.ts";
import {
  DOCKER_PLUGIN_VERSION,
  dockerPluginFolder,
  PULUMI_VERSION,
  pulumiBin,
  pulumiHome,
  standInHome,
} from "./environment.ts";
import { buildGoProgram } from "./goBuild.ts";
import type { Part, PartReport, Progress } from "./part.ts";
import { dynamicProviderScript, languageHostScript, STAND_IN_MARK, standInScript } from "./shellScripts.ts";

/** The newest release of the language host whose module is on the Go proxy. */
const LANGUAGE_HOST_VERSION = "v3.68.0";
const DOWNLOAD_MS = 180_000;

const cli = (): string => join(pulumiBin(), "pulumi");
const languageHost = (): string => join(pulumiBin(), "pulumi-language-nodejs");
const builtLanguageHost = (): string => `${languageHost()}-host`;
const dynamicProvider = (): string => join(pulumiBin(), "pulumi-resource-pulumi-nodejs");

/** The CLI, the language host and the provider plugin, in the order in which they are got. */
export function pulumiParts(projectRoot: string): Part[] {
  return [cliPart(projectRoot), languageHostPart(), dockerPluginPart(projectRoot)];
}

function cliPart(projectRoot: string): Part {
  const find = async (): Promise<PartReport | undefined> => {
    const version = await run(cli(), ["version"], { timeoutMs: 20_000 });
    if (!version.ok || !version.output.includes(PULUMI_VERSION)) return undefined;
    // A release brings its language host as a program; beside a CLI built here stands a script.
    return { origin: (await isScript(languageHost())) ? "built" : "official", detail: cli() };
  };
  return {
    key: "pulumi",
    name: `Pulumi CLI ${PULUMI_VERSION}`,
    why: "preview and update stacks",
    optional: false,
    find,
    async get(progress) {
      progress("downloading the official release");
      const downloaded = await downloadCli(projectRoot);
      if (downloaded.ok) return { origin: "official", detail: cli() };
      progress(`no download (${downloaded.failure})`);
      const version = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
      await buildGoProgram(
        {
          package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
          version: `v${PULUMI_VERSION}`,
          linkerFlags: `-X ${version}=v${PULUMI_VERSION}`,
          output: cli(),
        },
        progress,
      );
      return { origin: "built", detail: cli() };
    },
  };
}

/** The npm launcher runs the official install script, which needs curl. */
async function downloadCli(projectRoot: string): Promise<CommandResult> {
  const launch = (): Promise<CommandResult> =>
    run(process.execPath, [join(projectRoot, "node_modules", "pulumi", "run.js"), "version"], {
      timeoutMs: DOWNLOAD_MS,
      env: { PULUMI_HOME: pulumiHome(), PULUMI_VERSION, NODE_USE_ENV_PROXY: "1" },
    });
  const first = await launch();
  const unreachable = first.output.includes("fetch failed");
  if (first.ok || unreachable || !canInstallPackages() || (await isInstalled("curl"))) return first;
  await installPackages("curl", "ca-certificates");
  return launch();
}

function languageHostPart(): Part {
  const complete = async (): Promise<boolean> => {
    if (!(await isExecutable(languageHost())) || !(await isExecutable(dynamicProvider()))) return false;
    if (!(await isScript(languageHost()))) return true;
    return (
      (await isExecutable(builtLanguageHost())) && (await contentOf(languageHost())) === languageHostScript()
    );
  };
  return {
    key: "languageHost",
    name: "Pulumi language host",
    why: "run TypeScript programs and dynamic resources",
    optional: false,
    async find() {
      if (!(await complete())) return undefined;
      return { origin: (await isScript(languageHost())) ? "built" : "official", detail: languageHost() };
    },
    async get(progress) {
      if (!(await isExecutable(builtLanguageHost()))) await buildLanguageHost(progress);
      await writeScript(languageHost(), languageHostScript());
      await writeScript(dynamicProvider(), dynamicProviderScript());
      return { origin: "built", detail: languageHost() };
    },
  };
}

function buildLanguageHost(progress: Progress): Promise<void> {
  const program = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
  return buildGoProgram(
    { package: program, version: LANGUAGE_HOST_VERSION, output: builtLanguageHost() },
    progress,
  );
}

function dockerPluginPart(projectRoot: string): Part {
  const official = dockerPlugin(pulumiHome());
  const standIn = dockerPlugin(standInHome(projectRoot));
  const cliBesideStandIn = join(standInHome(projectRoot), relative(pulumiHome(), cli()));
  const script = standInScript(projectRoot);
  return {
    key: "dockerPlugin",
    name: `Pulumi plugin docker ${DOCKER_PLUGIN_VERSION}`,
    why: "create containers, networks and volumes",
    optional: false,
    async find() {
      const taken = await isStandIn(official);
      if (!taken && (await isExecutable(official))) return { origin: "official", detail: official };
      const misplaced = taken && official !== standIn;
      const complete = (await contentOf(standIn)) === script && (await isExecutable(cliBesideStandIn));
      return complete && !misplaced ? { origin: "stand-in", detail: standIn } : undefined;
    },
    async get(progress) {
      // Earlier set-ups left theirs where every stack of this user would run it.
      if (await isStandIn(official)) await rm(dirname(official), { recursive: true });
      if (await downloadPlugin(progress)) return { origin: "official", detail: official };
      await writeScript(standIn, script);
      await linkVersions(standInHome(projectRoot));
      return { origin: "stand-in", detail: `${standIn} (remove it to try the download again)` };
    },
  };
}

const dockerPlugin = (home: string): string => join(dockerPluginFolder(home), "pulumi-resource-docker");

/** Has `npx pulumi` find the CLI in a home of its own as well. */
async function linkVersions(home: string): Promise<void> {
  const link = join(home, "versions");
  if (pulumiHome() === home) return;
  await rm(link, { force: true });
  await symlink(join(pulumiHome(), "versions"), link);
}

async function isStandIn(plugin: string): Promise<boolean> {
  return (await contentOf(plugin))?.includes(STAND_IN_MARK) === true;
}

async function downloadPlugin(progress: Progress): Promise<boolean> {
  progress("downloading the official plugin");
  const install = ["plugin", "install", "resource", "docker", DOCKER_PLUGIN_VERSION, "--non-interactive"];
  const result = await run(cli(), install, {
    timeoutMs: DOWNLOAD_MS,
    env: { PULUMI_HOME: pulumiHome(), PULUMI_SKIP_UPDATE_CHECK: "true" },
    // The CLI tries five times; a host that can't be reached at all won't be there a second later.
    giveUpOn: /dial tcp.*/,
  });
  if (!result.ok) progress(`no download (${result.failure})`);
  return result.ok;
}

async function writeScript(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}`;
  await writeFile(beside, content);
  await chmod(beside, 0o755);
  await rename(beside, path);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Whether a file starts with `#!`, read without loading a program of 100 MB. */
async function isScript(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString() === "#!";
  } catch {
    return false;
  }
}

/** A script's text; undefined where there is none, or a program. */
async function contentOf(path: string): Promise<string | undefined> {
  return (await isScript(path)) ? readFile(path, "utf8") : undefined;
}
