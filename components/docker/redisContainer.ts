import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { HEALTH_USER } from "../engine/users.ts";

/** Where a container finds its first configuration. */
export const INITIAL_CONF = "/etc/redis-bluegreen/redis.conf";

/**
 * Starts the server on its own copy of the configuration, which it can rewrite. A container made from another first
 * configuration starts from that one; one that merely restarts keeps what the server wrote. The umask: from Redis 6.2 on
 * CONFIG REWRITE makes a new file, whose mode is 0644 without it, and which holds `masterauth` in clear.
 *
 * Root's rights are dropped here, and not by the image's entrypoint: from Redis 8.0 on the official one leaves such files to
 * root, so that the server can't read them, and adds its modules to each start, of which CONFIG REWRITE makes lines that the
 * next start loads a second time and ends. Each image's user has a number of its own, so the files are given to it.
 */
export const START_SERVER = `set -e
umask 077
mkdir -p /data && cd /data
if ! cmp -s ${INITIAL_CONF} initial.conf; then
  cp ${INITIAL_CONF} redis.conf.new && chmod 600 redis.conf.new && mv redis.conf.new redis.conf
  cp ${INITIAL_CONF} initial.conf.new && chmod 600 initial.conf.new && mv initial.conf.new initial.conf
fi
server=$(command -v valkey-server || command -v redis-server)
user=$(id -un valkey 2>/dev/null || id -un redis 2>/dev/null || true)
drop=
if [ "$(id -u)" = 0 ] && [ -n "$user" ]; then
  as="setpriv --reuid $user --regid $user --clear-groups"
  if command -v gosu >/dev/null; then drop="gosu $user"
  elif command -v su-exec >/dev/null; then drop="su-exec $user"
  elif $as true 2>/dev/null; then drop=$as; fi
fi
if [ -n "$drop" ]; then find . ! -user "$user" -exec chown "$user:" {} +; fi
exec $drop "$server" /data/redis.conf`;

const HEALTH = `cli=$(command -v valkey-cli || command -v redis-cli) && test "$("$cli" --no-auth-warning --user ${HEALTH_USER} -a - ping)" = PONG`;

/** Time for a clean stop with a last save, instead of an immediate kill. Seconds. */
const STOP_SECONDS = 120;

/** One server's container with its volume. */
export interface RedisContainerArgs {
  /** Names of the container and of its volume. */
  containerName: string;
  volumeName: string;
  image: string;
  network: pulumi.Input<string>;
  aliases: string[];
  /** Limit in MiB. */
  memory: number;
  /** The port of this machine's loopback under which the operator reaches the server. */
  operatorPort: number;
  /** An IP address of this machine on which the same port is published too, for an existing server that follows. */
  advertised?: string;
  /** The first configuration. Secret. */
  conf: pulumi.Output<string>;
  /** The server is the live colour's primary: nothing may remove or replace it. */
  protect: boolean;
}

/** A server on Docker: its data is on a named volume that outlives the container and the stack. */
export class RedisContainer extends pulumi.ComponentResource {
  constructor(name: string, args: RedisContainerArgs, options: pulumi.ComponentResourceOptions) {
    super("redis-bluegreen:docker:RedisContainer", name, {}, options);
    const volume = new docker.Volume(
      `${name}-data`,
      { name: args.volumeName },
      { parent: this, protect: args.protect, retainOnDelete: true },
    );
    new docker.Container(name, containerArgs(args, volume.name), {
      parent: this,
      protect: args.protect,
      // None of these is worth a replacement. A stopped container is read back without ports; the first configuration is
      // read once, at birth, and the server's own copy is what counts afterwards; and the rest is this package's own,
      // so that a newer release of it never recreates a database.
      ignoreChanges: ["ports", "uploads", "entrypoints", "healthcheck", "hosts", "networksAdvanced"],
      additionalSecretOutputs: ["uploads"],
    });
    this.registerOutputs({});
  }
}

function containerArgs(args: RedisContainerArgs, volumeName: pulumi.Input<string>): docker.ContainerArgs {
  return {
    name: args.containerName,
    image: args.image,
    entrypoints: ["sh", "-c", START_SERVER],
    restart: "unless-stopped",
    destroyGraceSeconds: STOP_SECONDS,
    memory: args.memory,
    memorySwap: args.memory,
    uploads: [{ file: INITIAL_CONF, content: args.conf, permissions: "0600" }],
    volumes: [{ volumeName, containerPath: "/data" }],
    networksAdvanced: [{ name: args.network, aliases: args.aliases }],
    hosts: [{ host: "host.docker.internal", ip: "host-gateway" }],
    ports: ["127.0.0.1", ...(args.advertised === undefined ? [] : [args.advertised])].map((ip) => ({
      internal: 6379,
      external: args.operatorPort,
      ip,
    })),
    healthcheck: {
      tests: ["CMD-SHELL", HEALTH],
      interval: "2s",
      timeout: "2s",
      retries: 5,
      startPeriod: "1m0s",
    },
    mustRun: true,
    wait: true,
    waitTimeout: 300,
  };
}
