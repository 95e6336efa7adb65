import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import type { Provider } from "./provider.ts";
import { service } from "./service.ts";

/** The version of the plugin that it stands in for. */
const standsInFor = "5.2.0";

/**
 * Serves on a free port of the loopback interface and prints it, as the engine expects of a plugin.
 * @param engine the engine's address, `host:port`, if it gave one
 */
export async function serve(provider: Provider, engine: string | undefined): Promise<void> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  const version = new plugin.PluginInfo().setVersion(standsInFor);
  server.addService(services.ResourceProviderService, service(provider, version));
  const parent = process.ppid;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  process.stdout.write(`${port}\n`);
  while (process.ppid === parent && (await isThere(engine))) await setTimeout(1000);
  // An engine that was killed tells nobody: end, once what is under way is done.
  server.tryShutdown(() => process.exit(0));
}

async function isThere(engine: string | undefined): Promise<boolean> {
  if (engine === undefined) return true;
  const { hostname, port } = new URL(`tcp://${engine}`);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
