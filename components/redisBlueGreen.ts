import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Arguments, ColourArguments, DeploymentArguments, RedisBlueGreenArgs } from "./arguments.ts";
import { advertisedAddress } from "./advertisedAddress.ts";
import { operatorPorts } from "./arguments.ts";
import { isBridged } from "./bridgeUse.ts";
import { Bridge } from "./docker/bridge.ts";
import { Proxy } from "./docker/proxy.ts";
import type { ProxyColour } from "./docker/haproxyConfig.ts";
import { dockerTarget, RedisDeployment, replicasAlias } from "./docker/redisDeployment.ts";
import { formatAddress } from "./engine/address.ts";
import type { BridgeTarget } from "./engine/bridgeTarget.ts";
import type { ColourSpec } from "./engine/changeRules.ts";
import { COLOURS, otherColour, type Colour } from "./engine/colour.ts";
import type { Login } from "./engine/credentials.ts";
import type { DeploymentTarget } from "./engine/deploymentTarget.ts";
import { OPERATOR_USER, REPLICATION_USER } from "./engine/users.ts";
import { ChangeGuard } from "./providers/changeGuard.ts";
import { DestroyLock } from "./providers/destroyLock.ts";
import { ReplicationLink } from "./providers/replicationLink.ts";
import { TrafficSwitch, type SwitchCredentials } from "./providers/trafficSwitch.ts";
import { resolveArguments } from "./resolvedArguments.ts";

/** How a program's configuration is called in messages; `green.version` becomes `<prefix>green.version`. */
export interface RedisBlueGreenNaming {
  /** @default "redis-bluegreen:" */
  pathPrefix?: string;
}

/**
 * A Redis or Valkey deployment whose upgrade is a stack update: two colours, of which one is live, a replication link
 * from it to the other, and one endpoint for clients. Changing `live` is a cutover; changing it back is a rollback.
 *
 * @example
 * const redis = new RedisBlueGreen("cache", { live: "blue", blue: { version: "7.0" }, green: { version: "8.0" } });
 */
export class RedisBlueGreen extends pulumi.ComponentResource {
  /** `host:port` for writes, and for reads that must see them. */
  readonly writeEndpoint: pulumi.Output<string>;
  /** `host:port` for reads: the live colour's replicas, or its primary where it has none. */
  readonly readEndpoint: pulumi.Output<string>;
  /** The colour that serves clients. */
  readonly live: pulumi.Output<string>;
  /** What a rollback is, or will be after the next cutover, with the reason. */
  readonly rollback: pulumi.Output<string>;
  /** The report file of the last cutover, rollback or retirement; empty before the first. */
  readonly report: pulumi.Output<string>;

  private readonly args: Arguments<pulumi.Output<string>>;
  private readonly deploymentName: string;
  private readonly pathPrefix: string;

  /** @throws pulumi.RunError with everything that is wrong with the arguments, before anything is registered */
  constructor(
    name: string,
    args: RedisBlueGreenArgs,
    options?: pulumi.ComponentResourceOptions & RedisBlueGreenNaming,
  ) {
    super("redis-bluegreen:index:RedisBlueGreen", name, {}, options);
    this.pathPrefix = options?.pathPrefix ?? "redis-bluegreen:";
    this.args = resolveArguments(args, {
      subject: `RedisBlueGreen ${name}`,
      path: (key) => `${this.pathPrefix}${key}`,
      stack: pulumi.getStack(),
    });
    this.deploymentName = `${name}-${pulumi.getStack()}`;

    const guard = this.createGuard(name);
    const credentials = this.credentials();
    const network = new docker.Network(
      name,
      { name: this.deploymentName },
      { parent: this, dependsOn: [guard], protect: !this.args.guardrails.allowDestroy },
    );
    const deployments = this.createDeployments(name, network.name, credentials, guard);
    const proxy = this.createProxy(name, network.name, guard);
    const bridge = this.createBridge(name, network.name, credentials, deployments);
    const trafficSwitch = this.createSwitch(name, credentials, [...deployments, proxy, ...bridge]);
    const link = this.createLink(name, credentials, trafficSwitch);
    this.createLock(name, [...deployments, proxy, trafficSwitch, ...(link === undefined ? [] : [link])]);

    const { endpoint } = this.args;
    const addressOf = (port: number): string => formatAddress({ host: endpoint.host, port });
    this.writeEndpoint = trafficSwitch.serving.apply(() => addressOf(endpoint.writePort));
    this.readEndpoint = trafficSwitch.serving.apply(() => addressOf(endpoint.readPort));
    this.live = trafficSwitch.serving;
    this.rollback = link?.rollback ?? trafficSwitch.rollback;
    this.report = trafficSwitch.report;
    this.registerOutputs({
      writeEndpoint: this.writeEndpoint,
      readEndpoint: this.readEndpoint,
      live: this.live,
      rollback: this.rollback,
      report: this.report,
    });
  }

  private createGuard(name: string): ChangeGuard {
    const { live, blue, green, endpoint } = this.args;
    const deployments = [blue, green].filter((colour) => colour !== undefined && !colour.external);
    return new ChangeGuard(
      name,
      {
        schemaVersion: 1,
        name: this.deploymentName,
        live,
        ...(blue === undefined ? {} : { blue: specOf(blue) }),
        ...(green === undefined ? {} : { green: specOf(green) }),
        bridged: isBridged(this.args),
        ports: [
          formatAddress({ host: endpoint.host, port: endpoint.writePort }),
          formatAddress({ host: endpoint.host, port: endpoint.readPort }),
          `127.0.0.1:${endpoint.runtimePort}`,
          ...(isBridged(this.args) ? [`127.0.0.1:${this.args.bridge.statusPort}`] : []),
          ...deployments.flatMap((deployment) =>
            operatorPorts(deployment).map((port) => `127.0.0.1:${port}`),
          ),
        ],
        pathPrefix: this.pathPrefix,
      },
      { parent: this },
    );
  }

  private credentials(): pulumi.Output<SwitchCredentials> {
    const { auth, blue, green } = this.args;
    const login = (username: string, password: pulumi.Output<string> | undefined): pulumi.Output<Login> =>
      password === undefined
        ? pulumi.output({ username })
        : password.apply((text) => ({ username, password: text }));
    const existing: Partial<Record<Colour, pulumi.Output<Login>>> = {};
    if (blue?.external === true) existing.blue = login(blue.username, blue.password);
    if (green?.external === true) existing.green = login(green.username, green.password);
    return pulumi.secret({
      application: login(auth.applicationUser, auth.applicationPassword),
      operator: login(OPERATOR_USER, auth.operatorPassword),
      replication: login(REPLICATION_USER, auth.replicationPassword),
      existing,
    });
  }

  private createDeployments(
    name: string,
    network: pulumi.Output<string>,
    credentials: pulumi.Output<SwitchCredentials>,
    guard: ChangeGuard,
  ): RedisDeployment[] {
    return COLOURS.flatMap((colour) => {
      const spec = this.args[colour];
      if (spec === undefined || spec.external) return [];
      const advertised = advertisedAddress(this.args[otherColour(colour)]);
      return new RedisDeployment(
        `${name}-${colour}`,
        {
          deploymentName: this.deploymentName,
          colour,
          live: this.protects(colour),
          spec,
          network,
          credentials,
          ...(advertised === undefined ? {} : { advertised }),
        },
        { parent: this, dependsOn: [guard] },
      );
    });
  }

  /** The live colour can't be deleted or replaced, unless the user is about to destroy the stack. */
  private protects(colour: Colour): boolean {
    return colour === this.args.live && !this.args.guardrails.allowDestroy;
  }

  private createProxy(name: string, network: pulumi.Output<string>, guard: ChangeGuard): Proxy {
    return new Proxy(
      `${name}-proxy`,
      {
        deploymentName: this.deploymentName,
        endpoint: this.args.endpoint,
        network,
        colours: { blue: this.proxyColour("blue"), green: this.proxyColour("green") },
      },
      { parent: this, dependsOn: [guard] },
    );
  }

  /** Stands beside both colours, and is attached before anything is cut over. */
  private createBridge(
    name: string,
    network: pulumi.Output<string>,
    credentials: pulumi.Output<SwitchCredentials>,
    dependsOn: pulumi.Resource[],
  ): Bridge[] {
    if (!isBridged(this.args)) return [];
    const colours = { blue: this.proxyColour("blue").primary, green: this.proxyColour("green").primary };
    const { deploymentName, args } = this;
    return [
      new Bridge(
        `${name}-bridge`,
        { deploymentName, spec: args.bridge, network, colours, credentials },
        { parent: this, dependsOn },
      ),
    ];
  }

  /** What switch and link know of the bridge. */
  private get bridgeTarget(): { bridge?: BridgeTarget } {
    const { use, statusPort } = this.args.bridge;
    if (use === "never" || !isBridged(this.args)) return {};
    return { bridge: { status: { host: "127.0.0.1", port: statusPort }, use } };
  }

  private proxyColour(colour: Colour): ProxyColour {
    const spec = this.args[colour];
    if (spec?.external === true) return { primary: spec.peerAddress };
    return {
      primary: { host: `${this.deploymentName}-${colour}-0`, port: 6379 },
      replicas: { host: replicasAlias(this.deploymentName, colour), port: 6379 },
    };
  }

  private createSwitch(
    name: string,
    credentials: pulumi.Output<SwitchCredentials>,
    dependsOn: pulumi.Resource[],
  ): TrafficSwitch {
    const { live, blue, green, endpoint, guardrails, bake, rehearsal, backup, report } = this.args;
    return new TrafficSwitch(
      name,
      {
        schemaVersion: 1,
        name: this.deploymentName,
        live,
        ...(blue === undefined ? {} : { blue: this.target("blue", blue) }),
        ...(green === undefined ? {} : { green: this.target("green", green) }),
        images: fromDeployments(this.args, (spec) => spec.image),
        memoryLimits: fromDeployments(this.args, (spec) => spec.memory * 1024 * 1024),
        runtime: { host: "127.0.0.1", port: endpoint.runtimePort },
        endpoint: { host: reachableHost(endpoint.host), port: endpoint.writePort },
        guardrails,
        bake,
        ...this.bridgeTarget,
        ...(rehearsal === undefined ? {} : { rehearsal }),
        backupDirectory: backup.directory,
        reportDirectory: report.directory,
        pathPrefix: this.pathPrefix,
        credentials,
      },
      { parent: this, dependsOn, protect: !guardrails.allowDestroy },
    );
  }

  /** The link from the live colour to the other one; each direction is a resource of its own. */
  private createLink(
    name: string,
    credentials: pulumi.Output<SwitchCredentials>,
    trafficSwitch: TrafficSwitch,
  ): ReplicationLink | undefined {
    const { live, guardrails } = this.args;
    const standby = otherColour(live);
    const [liveSpec, standbySpec] = [this.args[live], this.args[standby]];
    if (liveSpec === undefined || standbySpec === undefined) return undefined;
    return new ReplicationLink(
      `${name}-${live}-to-${standby}`,
      {
        schemaVersion: 1,
        live: this.target(live, liveSpec),
        standby: this.target(standby, standbySpec),
        syncTimeoutMs: guardrails.syncTimeoutMs,
        reseed: standbySpec.reseed,
        ...this.bridgeTarget,
        pathPrefix: this.pathPrefix,
        credentials,
      },
      { parent: this, dependsOn: [trafficSwitch] },
    );
  }

  private createLock(name: string, dependsOn: pulumi.Resource[]): void {
    new DestroyLock(
      name,
      { schemaVersion: 1, allowDestroy: this.args.guardrails.allowDestroy, pathPrefix: this.pathPrefix },
      { parent: this, dependsOn },
    );
  }

  private target(colour: Colour, spec: ColourArguments<pulumi.Output<string>>): DeploymentTarget {
    if (!spec.external) return dockerTarget(this.deploymentName, colour, spec);
    return {
      colour,
      product: "redis",
      primary: { operator: spec.address, peer: spec.peerAddress },
      replicas: [],
      external: true,
      ...(spec.advertiseHost === undefined ? {} : { reachesOthersAt: spec.advertiseHost }),
    };
  }
}

function specOf(colour: ColourArguments<pulumi.Output<string>>): ColourSpec {
  if (colour.external) return { address: `${colour.address.host}:${colour.address.port}` };
  const { product, version, image, persistence, redis, operatorPort, replicas, memory } = colour;
  return { product, version, image, persistence, redis, operatorPort, replicas, memory };
}

/** Something of each colour that this project deploys; existing servers are left out. */
function fromDeployments<T>(
  args: Pick<Arguments<unknown>, Colour>,
  pick: (spec: DeploymentArguments) => T,
): Partial<Record<Colour, T>> {
  const picked: Partial<Record<Colour, T>> = {};
  for (const colour of COLOURS) {
    const spec = args[colour];
    if (spec?.external === false) picked[colour] = pick(spec);
  }
  return picked;
}

/** The address by which this machine reaches what listens on `host`. */
function reachableHost(host: string): string {
  return ["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host;
}
