import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { defaults } from "../components/arguments.ts";
import { FED, HANDED_OVER } from "../components/engine/handover.ts";
import { nodeFlags } from "../components/engine/bridge/nodeFlags.ts";
import { BRIDGE_USER, PROXY_USER } from "../components/engine/users.ts";
import { follow, startServer, type TestServer } from "../test/support/testServer.ts";

const MAIN = fileURLToPath(new URL("../components/engine/bridge/main.ts", import.meta.url));
const USER = `user ${BRIDGE_USER} on nopass ~* +@all`;

/** A newer server that came of an older one by a cutover, and two that hold the same. */
export interface BenchServers {
  source: TestServer;
  /** To follow the source again by native replication. */
  native: TestServer;
  /** To be fed by the bridge. */
  bridged: TestServer;
}

/**
 * Starts them.
 * @param nativeImage as old as the target, or newer where the older one rejects what is written
 * @param megabytes the backlog that the source keeps
 */
export async function startServers(
  sourceImage: string,
  targetImage: string,
  nativeImage: string,
  megabytes: number,
): Promise<BenchServers> {
  const unlimited = "client-output-buffer-limit replica 0 0 0";
  const [source, native, bridged] = await Promise.all([
    startServer(sourceImage, USER, `repl-backlog-size ${Math.ceil(megabytes)}mb`, unlimited),
    startServer(nativeImage, unlimited),
    // As after an hour of being fed (`repl-backlog-ttl`): who has no replica keeps no backlog.
    startServer(targetImage, USER, "repl-backlog-ttl 1"),
  ]);
  // The oldest of them leads at first: the others can follow it, and both ways begin with a partial resync.
  await follow(source, bridged);
  await follow(native, bridged);
  await source.admin.call("REPLICAOF", "NO", "ONE");
  const { replid2, secondOffset } = await source.admin.replication();
  const notes = [`~${FED}app`, `~${HANDED_OVER}${replid2}:${secondOffset - 1}`];
  await bridged.admin.call("ACL", "SETUSER", PROXY_USER, "reset", "off", "-@all", ...notes);
  return { source, native, bridged };
}

/** A bridge in a process of its own, past Docker's port proxy, as native replication goes. Its log is on the output. */
export function startBridge(source: TestServer, target: TestServer): ChildProcess {
  const environment = (name: string, { peer }: TestServer): Record<string, string> => ({
    [`REDIS_BRIDGE_${name}_HOST`]: peer.host,
    [`REDIS_BRIDGE_${name}_PORT`]: String(peer.port),
    [`REDIS_BRIDGE_${name}_USERNAME`]: BRIDGE_USER,
  });
  return spawn(process.execPath, [...nodeFlags(defaults.bridge.memory), MAIN], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      NODE_OPTIONS: process.env["BRIDGE_NODE_OPTIONS"] ?? "",
      ...environment("BLUE", source),
      ...environment("GREEN", target),
      REDIS_BRIDGE_STATUS_PORT: "0",
      REDIS_BRIDGE_STATUS_HOST: "127.0.0.1",
    },
  });
}

/** Least, middle and most. */
export function spread(values: number[]): { min: number; median: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    min: sorted[0] ?? NaN,
    median: sorted[Math.floor(sorted.length / 2)] ?? NaN,
    max: sorted.at(-1) ?? NaN,
  };
}
