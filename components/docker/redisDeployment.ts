import * as pulumi from "@pulumi/pulumi";
import type { DeploymentArguments } from "../arguments.ts";
import type { Colour } from "../engine/colour.ts";
import type { Credentials } from "../engine/credentials.ts";
import type { DeploymentTarget, ServerTarget } from "../engine/deploymentTarget.ts";
import { RedisContainer } from "./redisContainer.ts";
import { redisConf } from "./redisConf.ts";

/** Inside every container. */
const REDIS_PORT = 6379;

/** One colour on Docker. */
export interface RedisDeploymentArgs {
  /** The deployment's name; names of containers and volumes start with it. */
  deploymentName: string;
  colour: Colour;
  live: boolean;
  spec: DeploymentArguments;
  network: pulumi.Input<string>;
  /** An IP address of this machine under which an existing server follows the primary. */
  advertised?: string;
  credentials: pulumi.Output<Credentials>;
}

/** The name under which all replicas of a colour are found on the network. */
export function replicasAlias(deploymentName: string, colour: Colour): string {
  return `${deploymentName}-${colour}-replicas`;
}

/** Where a colour's servers are; known before anything is deployed. */
export function dockerTarget(
  deploymentName: string,
  colour: Colour,
  spec: DeploymentArguments,
): DeploymentTarget {
  const server = (i: number): ServerTarget => ({
    operator: { host: "127.0.0.1", port: spec.operatorPort + i },
    peer: { host: `${deploymentName}-${colour}-${i}`, port: REDIS_PORT },
  });
  return {
    colour,
    product: spec.product,
    version: spec.version,
    primary: server(0),
    replicas: Array.from({ length: spec.replicas }, (_, i) => server(i + 1)),
    external: false,
  };
}

/** A primary and its replicas as containers, each with a volume of its own. */
export class RedisDeployment extends pulumi.ComponentResource {
  readonly target: DeploymentTarget;

  constructor(name: string, args: RedisDeploymentArgs, options: pulumi.ComponentResourceOptions) {
    super("redis-bluegreen:docker:RedisDeployment", name, {}, options);
    const { deploymentName, colour, spec, live } = args;
    this.target = dockerTarget(deploymentName, colour, spec);
    const servers = [this.target.primary, ...this.target.replicas];
    let previous: RedisContainer | undefined;
    servers.forEach((server, i) => {
      const conf = args.credentials.apply((credentials) =>
        redisConf({
          colour,
          version: { product: spec.product, version: spec.version },
          ...(i === 0 ? {} : { primary: this.target.primary.peer }),
          persistence: spec.persistence,
          redis: spec.redis,
          credentials,
        }),
      );
      previous = new RedisContainer(
        `${name}-${i}`,
        {
          containerName: server.peer.host,
          // The version is part of the name: files of a newer server are never given to an older one.
          volumeName: `${server.peer.host}-${spec.product}-${spec.version}`,
          image: spec.image,
          network: args.network,
          aliases: i === 0 ? [] : [replicasAlias(deploymentName, colour)],
          memory: spec.memory,
          operatorPort: server.operator.port,
          ...(i > 0 || args.advertised === undefined ? {} : { advertised: args.advertised }),
          conf: pulumi.secret(conf),
          // Replicas come and go beside it, and hold nothing of their own.
          protect: live && i === 0,
        },
        { parent: this, ...(previous === undefined ? {} : { dependsOn: [previous] }) },
      );
    });
    this.registerOutputs({});
  }
}
