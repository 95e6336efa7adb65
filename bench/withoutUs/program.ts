import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "../../components/config.ts";
import { Proxy } from "../../components/docker/proxy.ts";
import { RedisDeployment, replicasAlias } from "../../components/docker/redisDeployment.ts";
import { COLOURS, type Colour } from "../../components/engine/colour.ts";
import type { Credentials, Login } from "../../components/engine/credentials.ts";
import { OPERATOR_USER, REPLICATION_USER } from "../../components/engine/users.ts";
import { resolveArguments } from "../../components/resolvedArguments.ts";

/** The resources of `RedisBlueGreen` without the dynamic ones: network, volumes and containers. */
class WithoutUs extends pulumi.ComponentResource {
  constructor(name: string) {
    super("redis-bluegreen:bench:WithoutUs", name);
    const stack = pulumi.getStack();
    const args = resolveArguments(readConfig(), { subject: name, path: (key) => key, stack });
    const deploymentName = `${name}-${stack}`;
    const network = new docker.Network(name, { name: deploymentName }, { parent: this }).name;
    for (const colour of COLOURS) {
      const spec = args[colour];
      if (spec === undefined || spec.external) throw new Error(`${colour} must be a deployment`);
      new RedisDeployment(
        `${name}-${colour}`,
        { deploymentName, colour, live: false, spec, network, credentials: credentialsOf(args.auth) },
        { parent: this },
      );
    }
    const at = (colour: Colour) => ({
      primary: { host: `${deploymentName}-${colour}-0`, port: 6379 },
      replicas: { host: replicasAlias(deploymentName, colour), port: 6379 },
    });
    const colours = { blue: at("blue"), green: at("green") };
    new Proxy(
      `${name}-proxy`,
      { deploymentName, endpoint: args.endpoint, network, colours },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

function credentialsOf(auth: ReturnType<typeof resolveArguments>["auth"]): pulumi.Output<Credentials> {
  const login = (username: string, password: pulumi.Output<string> | undefined): pulumi.Output<Login> =>
    password === undefined
      ? pulumi.output({ username })
      : password.apply((text) => ({ username, password: text }));
  return pulumi.secret({
    application: login(auth.applicationUser, auth.applicationPassword),
    operator: login(OPERATOR_USER, auth.operatorPassword),
    replication: login(REPLICATION_USER, auth.replicationPassword),
  });
}

new WithoutUs("redis");
