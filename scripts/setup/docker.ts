import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Docker from "dockerode";
import { isInstalled, lastLine, run } from "./command.ts";
import { canInstallPackages, installPackages } from "./distribution.ts";
import { stateFolder } from "./environment.ts";
import { SetupError, type Part, type PartReport, type Progress } from "./part.ts";

const ANSWER_MS = 5_000;
const START_MS = 60_000;

/** The Docker daemon: used as it is where one answers, started only where there is none. */
export function dockerPart(projectRoot: string): Part {
  return {
    key: "docker",
    name: "Docker engine",
    why: "run the servers and the proxy",
    optional: false,
    find: findDaemon,
    get: (progress) => startDaemon(projectRoot, progress),
  };
}

async function findDaemon(): Promise<PartReport | undefined> {
  if (process.env["DOCKER_CONTEXT"] !== undefined) await followContext();
  let version = await daemonVersion();
  if (version === undefined && process.env["DOCKER_HOST"] === undefined) {
    await followContext();
    version = await daemonVersion();
    if (version === undefined) delete process.env["DOCKER_HOST"];
  }
  return version === undefined ? undefined : { origin: "found", detail: version };
}

/** The docker command may know of a daemon elsewhere (Docker Desktop, Colima, rootless): its context names the socket. */
async function followContext(): Promise<void> {
  const format = "{{.Endpoints.docker.Host}}";
  const context = await run("docker", ["context", "inspect", "-f", format], { timeoutMs: ANSWER_MS });
  const host = lastLine(context.output);
  if (context.ok && host !== "") process.env["DOCKER_HOST"] = host;
}

async function daemonVersion(): Promise<string | undefined> {
  try {
    const docker = new Docker();
    const version = await Promise.race([docker.version(), delay(ANSWER_MS, undefined, { ref: false })]);
    return version?.Version;
  } catch {
    return undefined;
  }
}

async function startDaemon(projectRoot: string, progress: Progress): Promise<PartReport> {
  refuseToInterfere();
  const installed = await isInstalled("dockerd");
  if (!installed) {
    progress("installing docker.io");
    await installPackages("docker.io", "iptables");
  }
  // Where there is a service manager, starting the daemon is its business.
  const managed = existsSync("/run/systemd/system");
  const log = join(stateFolder(projectRoot), "dockerd.log");
  progress("starting dockerd");
  let daemon: ChildProcess | undefined;
  if (managed) await run("systemctl", ["start", "docker"], { timeoutMs: START_MS });
  else daemon = launch(log);
  const version = await untilAnswers(() => daemon !== undefined && daemon.exitCode !== null);
  if (version !== undefined) return { origin: "distribution", detail: version };
  const reason = managed ? "see `systemctl status docker`" : reasonIn(readFileSync(log, "utf8"));
  throw new SetupError(`dockerd was started but does not answer: ${reason}`);
}

/** Why a daemon ended, out of its log. */
export function reasonIn(log: string): string {
  return /failed to start daemon: .*/.exec(log)?.[0] ?? lastLine(log);
}

function refuseToInterfere(): void {
  const host = process.env["DOCKER_HOST"];
  if (host !== undefined) {
    throw new SetupError(`no Docker daemon answers at DOCKER_HOST=${host}; start it, or unset DOCKER_HOST`);
  }
  if (canInstallPackages()) return;
  throw new SetupError(
    process.platform === "linux"
      ? "no Docker daemon answers; install Docker Engine and start it, with this user in the group `docker`"
      : "no Docker daemon answers; install Docker Desktop (or Colima), start it, and run this again",
  );
}

function launch(log: string): ChildProcess {
  mkdirSync(join(log, ".."), { recursive: true });
  const output = openSync(log, "w");
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] });
  daemon.once("error", () => undefined);
  daemon.unref();
  closeSync(output);
  return daemon;
}

async function untilAnswers(ended: () => boolean): Promise<string | undefined> {
  const end = Date.now() + START_MS;
  while (Date.now() < end && !ended()) {
    const version = await daemonVersion();
    if (version !== undefined) return version;
    await delay(200);
  }
  return undefined;
}

/** Waits for the end of what the daemon reports of a pull or an import. @throws Error with what went wrong */
export function finished(docker: Docker, events: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(events, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
