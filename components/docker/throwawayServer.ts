import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import type { LoadedServer, ThrowawayServer } from "../engine/backup/throwawayServer.ts";
import type { Address } from "../engine/address.ts";
import type { Login } from "../engine/credentials.ts";
import { infoNumber } from "../engine/infoReply.ts";
import { RedisServer } from "../engine/redisServer.ts";
import type { ServerVersion } from "../engine/serverVersion.ts";
import { until } from "../engine/until.ts";

/** How throw-away servers are made on Docker. */
export interface DockerThrowawayOptions {
  /** The daemon's client. */
  docker: Docker;
  /** The container's name; one that is left over from an interrupted run under this name is removed first. */
  containerName: string;
  /** The image that runs this version; it must be there already. */
  image: (version: ServerVersion) => string;
  /** Until everything is loaded. Default 10 minutes. */
  timeoutMs?: number;
}

const DIRECTORY = "throwaway";
const POLL_MS = 20;
const LABEL = "redis-bluegreen.throwaway";

/** Throw-away servers as containers: published on a random loopback port, random password, nothing kept. */
export class DockerThrowawayServer implements ThrowawayServer {
  readonly #options: DockerThrowawayOptions;

  constructor(options: DockerThrowawayOptions) {
    this.#options = options;
  }

  async load(rdbFile: string, version: ServerVersion, databases = 16): Promise<LoadedServer> {
    await this.#removeLeftOver();
    const login: Login = { username: "default", password: randomBytes(24).toString("base64url") };
    const container = await this.#create(version);
    const stop = async (): Promise<void> => {
      await container.remove({ force: true, v: true }).catch(ignoreMissing);
    };
    try {
      await container.putArchive(await archive(rdbFile, configuration(login, databases)), { path: "/" });
      await container.start();
      const address = await this.#loaded(container, login);
      return { address, login, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async #create(version: ServerVersion): Promise<Docker.Container> {
    const binary = version.product === "valkey" ? "valkey-server" : "redis-server";
    return this.#options.docker.createContainer({
      name: this.#options.containerName,
      Image: this.#options.image(version),
      Cmd: [binary, `/${DIRECTORY}/server.conf`],
      Labels: { [LABEL]: "true" },
      ExposedPorts: { "6379/tcp": {} },
      // Where the machine runs out of memory, this one goes, and no server that clients use.
      HostConfig: {
        OomScoreAdj: 1_000,
        PortBindings: { "6379/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      },
    });
  }

  /** Waits until the server answers and nothing is left to load; says what the server logged where it ended. */
  async #loaded(container: Docker.Container, login: Login): Promise<Address> {
    const probe = async (): Promise<Address | undefined> => {
      const state = await container.inspect();
      if (!state.State.Running) throw new Error(`the RDB was not loaded: ${await lastLines(container)}`);
      const port = state.NetworkSettings.Ports["6379/tcp"]?.[0]?.HostPort;
      if (port === undefined) return undefined;
      const address = { host: "127.0.0.1", port: Number(port) };
      return (await isLoaded(address, login)) ? address : undefined;
    };
    const timeoutMs = this.#options.timeoutMs ?? 600_000;
    return until(probe, { timeoutMs, intervalMs: POLL_MS, what: "the throw-away server has loaded the RDB" });
  }

  async #removeLeftOver(): Promise<void> {
    const container = this.#options.docker.getContainer(this.#options.containerName);
    const found = await container.inspect().catch(ignoreMissing);
    if (found === undefined) return;
    if (found.Config.Labels[LABEL] !== "true") {
      throw new Error(
        `a container named ${this.#options.containerName} exists and is no throw-away server of this project; rename it`,
      );
    }
    await container.remove({ force: true, v: true }).catch(ignoreMissing);
  }
}

/** While a server loads, every command but a few is refused with LOADING: that is not yet, not failed. */
async function isLoaded(address: Address, login: Login): Promise<boolean> {
  let server: RedisServer;
  try {
    server = await RedisServer.connect(address, login);
  } catch {
    return false;
  }
  try {
    return infoNumber(await server.info("persistence"), "loading") === 0;
  } finally {
    server.close();
  }
}

/** In a file, so that the password is not among the container's arguments. */
function configuration(login: Login, databases: number): string {
  return [
    `dir /${DIRECTORY}`,
    "dbfilename dump.rdb",
    'save ""',
    "appendonly no",
    `databases ${databases}`,
    `requirepass ${login.password ?? ""}`,
    "",
  ].join("\n");
}

/** Readable by all inside the container, because official images run the server as a user of their own. */
async function archive(rdbFile: string, config: string): Promise<Readable> {
  const { size } = await stat(rdbFile);
  async function* parts(): AsyncGenerator<Buffer> {
    yield tarHeader(`${DIRECTORY}/`, 0, "5");
    yield tarHeader(`${DIRECTORY}/server.conf`, Buffer.byteLength(config), "0");
    yield Buffer.concat([Buffer.from(config), padding(Buffer.byteLength(config))]);
    yield tarHeader(`${DIRECTORY}/dump.rdb`, size, "0");
    yield* createReadStream(rdbFile) as AsyncIterable<Buffer>;
    yield padding(size);
    yield Buffer.alloc(1024);
  }
  return Readable.from(parts());
}

/** One POSIX ustar header; a size beyond octal's 8 GiB stands in GNU's binary form. */
function tarHeader(name: string, size: number, type: "0" | "5"): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(type === "5" ? "0000755\0" : "0000644\0", 100);
  header.write("0000000\x000000000\0", 108);
  if (size < 0o77777777777) {
    header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  } else {
    header.writeUInt8(0x80, 124);
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function padding(size: number): Buffer {
  return Buffer.alloc((512 - (size % 512)) % 512);
}

async function lastLines(container: Docker.Container): Promise<string> {
  const output = await container.logs({ stdout: true, stderr: true, tail: 5 });
  // Each frame of the log stream starts with an eight-byte header.
  return output
    .toString("latin1")
    .replace(/[^\x20-\x7e\n]+/g, "")
    .trim();
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
  throw error;
}
