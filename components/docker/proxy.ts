import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { EndpointArguments } from "../arguments.ts";
import type { Colour } from "../engine/colour.ts";
import { haproxyConfig, PROXY_PORTS, type ProxyColour } from "./haproxyConfig.ts";

const CONFIG_FILE = "/usr/local/etc/haproxy/haproxy.cfg";

/** The proxy that clients connect to. */
export interface ProxyArgs {
  deploymentName: string;
  endpoint: EndpointArguments;
  network: pulumi.Input<string>;
  colours: Record<Colour, ProxyColour>;
}

/** HAProxy as a container. It holds no data: replacing it costs its clients a reconnection and nothing else. */
export class Proxy extends pulumi.ComponentResource {
  constructor(name: string, args: ProxyArgs, options: pulumi.ComponentResourceOptions) {
    super("redis-bluegreen:docker:Proxy", name, {}, options);
    const { endpoint } = args;
    new docker.Container(
      name,
      {
        name: `${args.deploymentName}-proxy`,
        image: endpoint.image,
        entrypoints: ["haproxy", "-W", "-db", "-f", CONFIG_FILE],
        restart: "unless-stopped",
        // The image asks for SIGUSR1: no new connection is taken, and those that are there are waited for.
        destroyGraceSeconds: 1,
        uploads: [{ file: CONFIG_FILE, content: haproxyConfig(args.colours) }],
        networksAdvanced: [{ name: args.network }],
        hosts: [{ host: "host.docker.internal", ip: "host-gateway" }],
        ports: [
          { internal: PROXY_PORTS.write, external: endpoint.writePort, ip: endpoint.host },
          { internal: PROXY_PORTS.read, external: endpoint.readPort, ip: endpoint.host },
          { internal: PROXY_PORTS.runtime, external: endpoint.runtimePort, ip: "127.0.0.1" },
        ],
        mustRun: true,
      },
      { parent: this, replaceOnChanges: ["#initerror"], deleteBeforeReplace: true },
    );
    this.registerOutputs({});
  }
}
