import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Colour } from "../../components/engine/colour.ts";
import { follow } from "../../components/engine/follow.ts";
import { openCommands, readGate } from "../../components/engine/gate.ts";
import { Haproxy } from "../../components/engine/haproxy.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { formatVersion } from "../../components/engine/serverVersion.ts";
import { setRaised } from "../../components/engine/selfDescribing.ts";
import { until } from "../../components/engine/until.ts";
import { PROXY_USER, REPLICATION_USER } from "../../components/engine/users.ts";
import { Containers } from "./containers.ts";
import { Sentinels } from "./sentinels.ts";
import {
  ADMIN,
  connectWhenUp,
  CREDENTIALS,
  startColour,
  startProxy,
  type BenchProxy,
  type BenchServer,
} from "./servers.ts";

const VALUE_BYTES = 1_000;
const KEYS_PER_CALL = 10_000;
const FILL = `for i = ARGV[1], ARGV[2] do redis.call("SET", "seed:" .. i, i .. ARGV[3]) end`;
/** For a full copy of the largest dataset. */
const SYNC_MS = 600_000;

/** The servers that all contestants use, with one size of data; blue is live and green follows before each round. */
export class Scene {
  readonly containers: Containers;
  readonly blue: BenchServer;
  readonly green: BenchServer;
  /** As a stack has it. */
  readonly proxy: BenchProxy;
  /** The same for a failover by hand; one failed check is enough there to leave a server, where a stack's takes three. */
  readonly handProxy: BenchProxy;
  readonly sentinels: Sentinels;

  private constructor(
    containers: Containers,
    servers: Record<Colour, BenchServer>,
    proxies: [BenchProxy, BenchProxy],
    sentinels: Sentinels,
  ) {
    this.containers = containers;
    this.blue = servers.blue;
    this.green = servers.green;
    [this.proxy, this.handProxy] = proxies;
    this.sentinels = sentinels;
  }

  /** Starts everything and fills blue. */
  static async start(gigabytes: number): Promise<Scene> {
    const containers = benchContainers();
    const [blue, green] = await Promise.all([
      startColour(containers, "blue"),
      startColour(containers, "green"),
    ]);
    const servers = { blue, green };
    const proxies = await Promise.all([
      startProxy(containers, servers),
      startProxy(containers, servers, (config) => config.replaceAll(" fall 3 ", " fall 1 ")),
    ]);
    const sentinels = await Sentinels.start(containers);
    const scene = new Scene(containers, servers, proxies, sentinels);
    await open(blue.admin);
    await fill(blue.admin, Math.round((gigabytes * 1e9) / VALUE_BYTES));
    // What the fill needed is not what an application uses.
    await blue.admin.call("CONFIG", "RESETSTAT");
    await scene.reset();
    return scene;
  }

  /** Makes blue live and green its standby again, whatever a contestant left. Nobody may be writing. */
  async reset(): Promise<void> {
    await Promise.all([reconnect(this.blue), reconnect(this.green)]);
    const [blue, green] = [this.blue.admin, this.green.admin];
    for (const server of [blue, green]) await server.call("CLIENT", "UNPAUSE");
    await takeBack(blue, green);
    for (const server of [blue, green]) {
      await setRaised(server, "repl-ping-replica-period", false);
      await setRaised(server, "repl-diskless-sync-delay", false);
      await server.configSet("repl-diskless-sync-delay", 0);
    }
    await open(blue);
    const at = (server: BenchServer) => ({
      target: server.target,
      colour: server.target.colour,
      primary: server.admin,
    });
    await follow(at(this.green), at(this.blue), CREDENTIALS);
    await inSync(green, blue);
    await this.proxyLeadsToBlue(this.proxy);
  }

  /** Opens green as well, as servers are that know nothing of this project: its role alone keeps clients out. */
  async openBoth(): Promise<void> {
    await this.green.admin.transaction(
      ["CONFIG", "SET", "min-replicas-to-write", 0],
      ["ACL", "SETUSER", PROXY_USER, "reset", "on", "nopass", "-@all", "+ping", "+role"],
      ["ACL", "SETUSER", REPLICATION_USER, "on"],
    );
    await this.proxyLeadsToBlue(this.handProxy);
  }

  /** By image tag: what the servers say they are. */
  async versions(): Promise<Record<string, string>> {
    const told = [this.blue, this.green].map(async ({ admin, target }) => [
      `redis:${target.version ?? ""}`,
      formatVersion(await admin.version()),
    ]);
    return Object.fromEntries(await Promise.all(told)) as Record<string, string>;
  }

  /** Closes connections; the containers go by `Containers.removeAll`. */
  close(): void {
    for (const server of [this.blue, this.green]) server.admin.close();
    this.sentinels.close();
  }

  private async proxyLeadsToBlue({ runtime }: BenchProxy): Promise<void> {
    const haproxy = new Haproxy(runtime);
    await until(async () => ((await haproxy.observe()).target === "blue" ? true : undefined), {
      timeoutMs: 30_000,
      intervalMs: 50,
      what: "the proxy leads to blue",
    });
  }
}

/** The containers of this checkout's bench. */
export function benchContainers(): Containers {
  return new Containers(fileURLToPath(new URL("../..", import.meta.url)));
}

/** Waits until `replica` stands where `master` stands now. */
export async function inSync(replica: RedisServer, master: RedisServer): Promise<void> {
  const { offset } = await master.replication();
  await until(
    async () => {
      const state = await replica.replication();
      return state.linkUp && state.offset >= offset ? true : undefined;
    },
    { timeoutMs: SYNC_MS, intervalMs: 20, what: "the replica is in sync" },
  );
}

/** With every write that green took, where blue followed it; where it lost touch, with what blue has. */
async function takeBack(blue: RedisServer, green: RedisServer): Promise<void> {
  const state = await blue.replication();
  if (state.role === "master") return;
  if (state.linkUp) await inSync(blue, green);
  await blue.call("REPLICAOF", "NO", "ONE");
}

/** Sentinels close every connection to a server whose role they change. */
async function reconnect(server: BenchServer): Promise<void> {
  server.admin.close();
  server.admin = await connectWhenUp(server.target.primary.operator, ADMIN);
}

async function open(server: RedisServer): Promise<void> {
  await server.transaction(...openCommands(await readGate(server)));
}

async function fill(server: RedisServer, keys: number): Promise<void> {
  const body = randomBytes(VALUE_BYTES)
    .toString("base64url")
    .slice(0, VALUE_BYTES - 8);
  for (let first = 1; first <= keys; first += KEYS_PER_CALL) {
    await server.call("EVAL", FILL, 0, first, Math.min(keys, first + KEYS_PER_CALL - 1), body);
  }
}
