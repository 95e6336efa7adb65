import { createHash } from "node:crypto";
import Docker from "dockerode";

/** What is started. Ports are published on loopback; a host port of 0 lets Docker choose. */
export interface ContainerSpec {
  image: string;
  /** A shell script; `$FILE` holds `file`. */
  script: string;
  file: string;
  /** Host ports by container port. */
  ports: Record<number, number>;
  /** Mounted at /data; without one the data goes with the container. */
  volume?: string;
}

/** A container that runs. */
export interface RunningContainer {
  /** Where other containers find it. */
  ip: string;
  port(internal: number): number;
  /** Asks the process to end, waits for it, and removes the container. */
  stop(graceSeconds: number): Promise<void>;
}

/** Marks what the bench made; the value is this checkout's, since several may share a Docker daemon. */
const LABEL = "redis-bluegreen-bench";

/** The bench's containers and volumes, which are found again by a label, also by the run after one that was killed. */
export class Containers {
  private readonly docker = new Docker();
  private readonly label: string;

  /** @param owner tells this checkout's containers from others', such as its folder */
  constructor(owner: string) {
    this.label = createHash("sha256").update(owner).digest("hex").slice(0, 8);
  }

  /** Starts a container. */
  async start(spec: ContainerSpec): Promise<RunningContainer> {
    const bindings = Object.entries(spec.ports).map(([internal, external]) => [
      `${internal}/tcp`,
      [{ HostIp: "127.0.0.1", HostPort: external === 0 ? "" : String(external) }],
    ]);
    const container = await this.docker.createContainer({
      Image: spec.image,
      Entrypoint: ["sh", "-c", spec.script],
      Cmd: [],
      Env: [`FILE=${spec.file}`],
      Labels: { [LABEL]: this.label },
      ExposedPorts: Object.fromEntries(Object.keys(spec.ports).map((port) => [`${port}/tcp`, {}])),
      HostConfig: {
        PortBindings: Object.fromEntries(bindings) as Docker.PortMap,
        ...(spec.volume === undefined ? {} : { Binds: [`${spec.volume}:/data`] }),
      },
    });
    await container.start();
    const { NetworkSettings: network } = await container.inspect();
    return {
      ip: network.Networks["bridge"]?.IPAddress ?? "",
      port: (internal) => Number(network.Ports[`${internal}/tcp`]?.[0]?.HostPort),
      async stop(graceSeconds) {
        await container.stop({ t: graceSeconds });
        await container.remove({ force: true, v: true });
      },
    };
  }

  /** Makes a volume with a name of Docker's choice. */
  async createVolume(): Promise<{ name: string; remove: () => Promise<void> }> {
    const volume = await this.docker.createVolume({ Labels: { [LABEL]: this.label } });
    return {
      name: volume.name,
      remove: async () => {
        await volume.remove();
      },
    };
  }

  /** Removes every container and volume of this checkout's bench. */
  async removeAll(): Promise<void> {
    const filters = { label: [`${LABEL}=${this.label}`] };
    const containers = await this.docker.listContainers({ all: true, filters });
    await Promise.all(
      containers.map(({ Id: id }) => this.docker.getContainer(id).remove({ force: true, v: true })),
    );
    const { Volumes: volumes } = await this.docker.listVolumes({ filters });
    await Promise.all(volumes.map(({ Name: name }) => this.docker.getVolume(name).remove({ force: true })));
  }
}
