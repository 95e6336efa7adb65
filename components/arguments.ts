import type * as pulumi from "@pulumi/pulumi";
import type { Address } from "./engine/address.ts";
import type { BakeSettings } from "./engine/bake/bakeSettings.ts";
import type { Colour } from "./engine/colour.ts";
import { DEFAULT_GUARDRAILS, type Guardrails } from "./engine/guardrails.ts";

/** Where deployments can run; others are announced, not yet available. */
export type Platform = "docker";

/** What a server runs. */
export type Product = "redis" | "valkey";

/** How a deployment keeps its data on disk: point-in-time copies or an append-only file. */
export type Persistence = "rdb" | "aof";

/** When the bridge is deployed. */
export type BridgeUse = "auto" | "always" | "never";

/** What a program gives to create a `RedisBlueGreen`; the stack config has the same shape. */
export interface RedisBlueGreenArgs {
  /**
   * Where the deployments run.
   * @default "docker"
   */
  platform?: Platform | undefined;
  /** The colour that serves clients. Changing it is a cutover, or a rollback. */
  live: Colour;
  /**
   * The blue deployment; absent (or `{}`) where there is none.
   * @example { version: "7.0" }
   */
  blue?: ColourArgs | undefined;
  /**
   * The green deployment; absent (or `{}`) until an upgrade is wanted.
   * @example { version: "8.0", memory: 1024 }
   */
  green?: ColourArgs | undefined;
  /** Where clients connect. */
  endpoint?: EndpointArgs | undefined;
  /** Users and passwords. */
  auth?: AuthArgs | undefined;
  /** Limits and permissions of an update; what is absent has its default. */
  guardrails?: { [Name in keyof Guardrails]?: Guardrails[Name] | undefined } | undefined;
  /** Watches a new live colour after a cutover, and goes back where a limit is passed; what is absent has its default. */
  bake?: { [Name in keyof BakeSettings]?: BakeSettings[Name] | undefined } | undefined;
  /**
   * A word of your own, such as a date. The update in which it is new cuts over from the live colour to the standby and
   * back under live traffic, so that the way back is proven before it is needed. Later updates leave it alone.
   * @default none
   */
  rehearsal?: string | undefined;
  /** The process that writes to an older standby what a newer live colour takes, where replication can't. */
  bridge?: BridgeArgs | undefined;
  /** Where copies of the data go. */
  backup?: DirectoryArgs | undefined;
  /** Where the report of each update goes. */
  report?: DirectoryArgs | undefined;
}

/** One colour: a deployment that this project creates, or a server that exists already. */
export type ColourArgs = DeploymentArgs | ExistingServerArgs;

/** A deployment that this project creates. */
export interface DeploymentArgs {
  /**
   * `major.minor` or `major.minor.patch`; Redis from 6.0, Valkey from 7.2.
   * @example "7.0"
   */
  version: string;
  /** @default "redis" */
  product?: Product | undefined;
  /**
   * Image whose tag names the version.
   * @default `redis:<version>` or `valkey/valkey:<version>`
   * @example "redis:7.0.15@sha256:…"
   */
  image?: string | undefined;
  /**
   * Replicas beside the primary, 0 to 5.
   * @default 0
   */
  replicas?: number | undefined;
  /**
   * Memory limit of each container in MiB, at least 64.
   * @default 512
   */
  memory?: number | undefined;
  /** @default "rdb" */
  persistence?: Persistence | undefined;
  /**
   * Lines of redis.conf, by name. Those that this project sets itself are refused. `min-replicas-to-write` may be
   * 0 to 1,000: while the colour is closed to clients, 1,000,000 is added to it on the server.
   * @example { "maxmemory-policy": "allkeys-lru", maxmemory: "400mb" }
   */
  redis?: Record<string, string | number | boolean> | undefined;
  /**
   * First of `replicas + 1` consecutive loopback ports through which this project reaches the servers.
   * @default `endpoint.writePort` + 10,000 for blue, + 10,100 for green
   */
  operatorPort?: number | undefined;
  /**
   * What this colour holds may be overwritten by a full copy of the live one. Needed only where a standby holds keys that
   * the live colour doesn't: else pulumi up refuses. Only a standby can have it; remove it once the standby is in sync.
   * @default false
   */
  reseed?: boolean | undefined;
}

/** A server that this project did not create, and so never restarts and never deletes. */
export interface ExistingServerArgs {
  /**
   * As the machine that runs Pulumi reaches it. The port is 6379 and the user `default` where they are left out;
   * a password never stands in here.
   * @example "redis://admin@10.0.0.5:6379"
   */
  address: string;
  /** Password of the user in `address`; absent where that user has none. */
  password?: pulumi.Input<string> | undefined;
  /**
   * `host:port` as the containers of the other colour and of the proxy reach it.
   * @default that of `address`; `host.docker.internal:<port>` where `address` is on loopback
   */
  peerAddress?: string | undefined;
  /**
   * Host under which the server reaches the ports that this machine publishes; without one there is no native
   * rollback link to it. An IP address other than loopback must be one of this machine: the other colour is published on
   * it as well, from its creation on, and every password is required. Set it before the other colour is added. To a name
   * nothing is published.
   * @default "127.0.0.1" where `address` is on loopback, else none
   */
  advertiseHost?: string | undefined;
  /**
   * As in `DeploymentArgs`: what this server holds may be overwritten by a full copy of the live colour.
   * @default false
   */
  reseed?: boolean | undefined;
}

/** Where clients connect: ports of this machine. */
export interface EndpointArgs {
  /**
   * IP address to listen on. Not on loopback, every password is required.
   * @default "127.0.0.1"
   */
  host?: string | undefined;
  /**
   * Port for writes and reads: the live colour's primary.
   * @default 6379
   */
  writePort?: number | undefined;
  /**
   * Port for reads: the live colour's replicas, or its primary where it has none.
   * @default `writePort` + 1
   */
  readPort?: number | undefined;
  /**
   * Loopback port of the proxy's runtime API.
   * @default `writePort` + 9,999
   */
  runtimePort?: number | undefined;
  /**
   * HAProxy image.
   * @default "haproxy:3.0"
   */
  image?: string | undefined;
}

/**
 * Users and passwords. A password may be left out only while `endpoint.host` is on loopback; else it needs at least
 * 16 characters, of at least 6 kinds.
 */
export interface AuthArgs {
  /**
   * The user that clients log in as.
   * @default "default"
   */
  applicationUser?: string | undefined;
  /** Password of the application user. */
  applicationPassword?: pulumi.Input<string> | undefined;
  /** Password of the user with which this project inspects, pauses, promotes and fences servers. */
  operatorPassword?: pulumi.Input<string> | undefined;
  /** Password of the user with which a replica follows its primary. */
  replicationPassword?: pulumi.Input<string> | undefined;
}

/** The bridge: a container beside both colours, where both are deployments of this project. */
export interface BridgeArgs {
  /**
   * `auto`: where one of both colours can't follow the other; `always`: for every pair of two versions, instead of a
   * native rollback link; `never`: then the way back of some pairs is a backup only.
   * @default "auto"
   */
  use?: BridgeUse | undefined;
  /**
   * Node image, 22.18 or newer.
   * @default "node:24-slim"
   */
  image?: string | undefined;
  /**
   * Memory limit in MiB, at least 128.
   * @default 256
   */
  memory?: number | undefined;
  /**
   * Loopback port of its health (`/health`) and metrics (`/metrics`, Prometheus).
   * @default `endpoint.writePort` + 10,200
   */
  statusPort?: number | undefined;
}

/** A directory on the machine that runs Pulumi. */
export interface DirectoryArgs {
  /**
   * Absolute, or relative to the folder of Pulumi.yaml.
   * @default `backups/<stack>`, `reports/<stack>`
   */
  directory?: string | undefined;
}

/**
 * `RedisBlueGreenArgs` with every default filled in: what the rest of the project works with.
 * @typeParam Password - `string`, or `pulumi.Output<string>` inside a component
 */
export interface Arguments<Password = string> {
  platform: Platform;
  live: Colour;
  /** At least the live colour is there. */
  blue?: ColourArguments<Password>;
  green?: ColourArguments<Password>;
  endpoint: EndpointArguments;
  auth: AuthArguments<Password>;
  guardrails: Guardrails;
  bake: BakeSettings;
  rehearsal?: string;
  bridge: BridgeArguments;
  backup: { directory: string };
  report: { directory: string };
}

/** One colour, told apart by `external`. */
export type ColourArguments<Password = string> = DeploymentArguments | ExistingServerArguments<Password>;

/** A deployment that this project creates. Memory in MiB. */
export interface DeploymentArguments {
  external: false;
  product: Product;
  version: string;
  image: string;
  replicas: number;
  memory: number;
  persistence: Persistence;
  /** Names in lower case; values as they stand in redis.conf. */
  redis: Record<string, string>;
  operatorPort: number;
  reseed: boolean;
}

/** A server that this project did not create. */
export interface ExistingServerArguments<Password = string> {
  external: true;
  address: Address;
  username: string;
  password?: Password;
  peerAddress: Address;
  advertiseHost?: string;
  reseed: boolean;
}

/** Where clients connect. */
export interface EndpointArguments {
  /** An IP address. */
  host: string;
  writePort: number;
  readPort: number;
  runtimePort: number;
  image: string;
}

/** The bridge. Memory in MiB. */
export interface BridgeArguments {
  use: BridgeUse;
  image: string;
  memory: number;
  statusPort: number;
}

/** Users and passwords; an absent password means a user without one. */
export interface AuthArguments<Password = string> {
  applicationUser: string;
  applicationPassword?: Password;
  operatorPassword?: Password;
  replicationPassword?: Password;
}

/** The defaults that config and component arguments are laid over. */
export const defaults = {
  platform: "docker",
  product: "redis",
  replicas: 0,
  memory: 512,
  persistence: "rdb",
  endpoint: { host: "127.0.0.1", writePort: 6379, image: "haproxy:3.0" },
  /** What is added to `endpoint.writePort` where a port isn't given. */
  portOffsets: {
    readPort: 1,
    runtimePort: 9_999,
    statusPort: 10_200,
    operatorPort: { blue: 10_000, green: 10_100 },
  },
  bridge: { use: "auto", image: "node:24-slim", memory: 256 },
  applicationUser: "default",
  existingServer: { username: "default", port: 6379 },
  /** The host under which a container finds this machine's loopback services. */
  loopbackFromContainers: "host.docker.internal",
  guardrails: DEFAULT_GUARDRAILS,
} as const;

/** The image of a version where none is given. */
export function defaultImage(product: Product, version: string): string {
  return product === "redis" ? `redis:${version}` : `valkey/valkey:${version}`;
}

/** The loopback ports of a deployment's servers, the primary's first. */
export function operatorPorts(deployment: Pick<DeploymentArguments, "operatorPort" | "replicas">): number[] {
  return Array.from({ length: deployment.replicas + 1 }, (_, i) => deployment.operatorPort + i);
}

/** The same arguments with each password that is there replaced. */
export function mapPasswords<From, To>(args: Arguments<From>, map: (password: From) => To): Arguments<To> {
  const { blue, green, auth, ...rest } = args;
  const { applicationUser, ...passwords } = auth;
  const mapped: Arguments<To> = { ...rest, auth: { applicationUser } };
  if (blue !== undefined) mapped.blue = mapColour(blue, map);
  if (green !== undefined) mapped.green = mapColour(green, map);
  for (const name of ["applicationPassword", "operatorPassword", "replicationPassword"] as const) {
    const password = passwords[name];
    if (password !== undefined) mapped.auth[name] = map(password);
  }
  return mapped;
}

function mapColour<From, To>(
  colour: ColourArguments<From>,
  map: (password: From) => To,
): ColourArguments<To> {
  if (!colour.external) return colour;
  const { password, ...rest } = colour;
  return password === undefined ? rest : { ...rest, password: map(password) };
}
