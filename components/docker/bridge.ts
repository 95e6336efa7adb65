import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { BridgeArguments } from "../arguments.ts";
import { bridgeBundle } from "../engine/bridge/bundle.ts";
import { nodeFlags } from "../engine/bridge/nodeFlags.ts";
import { SETTINGS_FILE } from "../engine/bridge/processSettings.ts";
import type { Address } from "../engine/address.ts";
import type { Colour } from "../engine/colour.ts";
import type { Credentials } from "../engine/credentials.ts";
import { BRIDGE_USER } from "../engine/users.ts";

const CODE = "/bridge/bridge.mjs";
const SETTINGS = "/bridge/settings.json";

/** Where the process serves health and metrics inside its container. */
const STATUS_PORT = 9_121;

/** What a bridge container is made of. */
export interface BridgeContainerArgs {
  deploymentName: string;
  spec: BridgeArguments;
  network: pulumi.Input<string>;
  /** Both colours' primaries as containers reach them. */
  colours: Record<Colour, Address>;
  credentials: pulumi.Output<Credentials>;
}

/**
 * The bridge as a container of a Node image, its code one file that is brought in with it. It finds its direction by
 * looking at both colours, so that no cutover changes it, and it keeps nothing: a new one goes on where the standby says.
 */
export class Bridge extends pulumi.ComponentResource {
  constructor(name: string, args: BridgeContainerArgs, options: pulumi.ComponentResourceOptions) {
    super("redis-bluegreen:docker:Bridge", name, {}, options);
    const { spec, colours } = args;
    const settings = args.credentials.apply(({ replication: { password } }) => {
      const end = (address: Address) => ({
        ...address,
        username: BRIDGE_USER,
        ...(password === undefined ? {} : { password }),
      });
      return JSON.stringify({
        blue: end(colours.blue),
        green: end(colours.green),
        status: { host: "0.0.0.0", port: STATUS_PORT },
      });
    });
    new docker.Container(
      name,
      {
        name: `${args.deploymentName}-bridge`,
        image: spec.image,
        entrypoints: ["node", ...nodeFlags(spec.memory), CODE],
        envs: [`${SETTINGS_FILE}=${SETTINGS}`],
        restart: "unless-stopped",
        destroyGraceSeconds: 5,
        memory: spec.memory,
        memorySwap: spec.memory,
        uploads: [
          { file: CODE, content: bridgeBundle() },
          { file: SETTINGS, content: pulumi.secret(settings), permissions: "0600" },
        ],
        networksAdvanced: [{ name: args.network }],
        ports: [{ internal: STATUS_PORT, external: spec.statusPort, ip: "127.0.0.1" }],
        mustRun: true,
      },
      {
        parent: this,
        replaceOnChanges: ["#initerror"],
        deleteBeforeReplace: true,
        additionalSecretOutputs: ["uploads"],
      },
    );
    this.registerOutputs({});
  }
}
