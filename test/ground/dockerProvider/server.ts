import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import type { Provider } from "./provider.ts";
import { service } from "./service.ts";

/** The version of the plugin that it stands in for. */
export const standsInFor = "5.2.0";

/** Serves on a free port of the loopback interface and prints it, as the engine expects of a plugin. */
export async function serve(provider: Provider): Promise<void> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  const version = new plugin.PluginInfo().setVersion(standsInFor);
  server.addService(services.ResourceProviderService, service(provider, version));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  process.stdout.write(`${port}\n`);
  exitWithParent(server);
}

/** An engine that was killed tells nobody: end, once what is under way is done. */
function exitWithParent(server: grpc.Server): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    server.tryShutdown(() => process.exit(0));
  }, 1000);
}
