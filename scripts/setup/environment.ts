import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { PartReport } from "./part.ts";

/** The version of the Pulumi CLI that the demo and the tests run; the npm launcher of the same version fetches it. */
export const PULUMI_VERSION = "3.250.0";

/** Version of the docker provider plugin: that of the dependency @pulumi/docker. */
export const DOCKER_PLUGIN_VERSION = "5.2.0";

/** What a set-up left on this machine, as `.state/setup.json` keeps it. */
export interface SetupReport {
  /** By part: `docker`, `pulumi`, `languageHost`, `dockerPlugin` and `image redis:7.0` for each image. */
  parts: Record<string, PartReport>;
  /** Where the Docker daemon listens, if neither DOCKER_HOST nor the default socket says so. */
  dockerHost?: string;
}

/** Pulumi's own folder on this machine, absolute. */
export function pulumiHome(): string {
  return resolve(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"));
}

/** The folder of the CLI and its language hosts. */
export function pulumiBin(): string {
  return join(pulumiHome(), "versions", PULUMI_VERSION, "bin");
}

/** The folder below a Pulumi home that the engine looks into for the docker provider plugin. */
export function dockerPluginFolder(home: string): string {
  return join(home, "plugins", `resource-docker-v${DOCKER_PLUGIN_VERSION}`);
}

/**
 * The Pulumi home of a stand-in for that plugin: this checkout's own, so that no update but those of its demo and its
 * tests ever runs one.
 */
export function standInHome(projectRoot: string): string {
  return join(stateFolder(projectRoot), "pulumi");
}

/** The folder of everything that is made on this machine and never committed. */
export function stateFolder(projectRoot: string): string {
  return join(projectRoot, ".state");
}

/**
 * What the last `npm run setup` of this checkout found and made.
 * @throws Error where it never ran
 */
export function setupReport(projectRoot: string): SetupReport {
  const report = readSetupReport(projectRoot);
  if (report === undefined) throw new Error("This checkout is not set up yet: run `npm run setup`.");
  return report;
}

/** The same; undefined where it never ran. */
export function readSetupReport(projectRoot: string): SetupReport | undefined {
  try {
    return JSON.parse(readFileSync(join(stateFolder(projectRoot), "setup.json"), "utf8")) as SetupReport;
  } catch {
    return undefined;
  }
}

/** Where containers run: set only if a `docker` client without further environment would look elsewhere. */
export function dockerEnvironment(projectRoot: string): Record<string, string> {
  const host = process.env["DOCKER_HOST"] ?? readSetupReport(projectRoot)?.dockerHost;
  return host === undefined ? {} : { DOCKER_HOST: host };
}

/**
 * Environment for running the Pulumi CLI in the demo and the tests, to be laid over `process.env`: the CLI of the
 * pinned version and this checkout's Node first on PATH, state in a file backend below `.state` (made if needed), so
 * that nobody's Pulumi login is touched.
 */
export function pulumiEnvironment(projectRoot: string): Record<string, string> {
  const backend = join(stateFolder(projectRoot), "backend");
  mkdirSync(backend, { recursive: true });
  const path = [pulumiBin(), join(projectRoot, "node_modules", ".bin"), process.env["PATH"] ?? ""];
  const standIn = readSetupReport(projectRoot)?.parts["dockerPlugin"]?.origin === "stand-in";
  return {
    ...dockerEnvironment(projectRoot),
    PATH: path.join(delimiter),
    PULUMI_HOME: standIn ? standInHome(projectRoot) : pulumiHome(),
    PULUMI_BACKEND_URL: `file://${backend}`,
    // Protects nothing: the demo's and the tests' stacks hold passwords that live as long as their containers.
    PULUMI_CONFIG_PASSPHRASE: "demo and tests only",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(standIn ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
  };
}
