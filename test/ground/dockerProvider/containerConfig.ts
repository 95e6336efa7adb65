import type Docker from "dockerode";
import type { ContainerProperties } from "./containerTypes.ts";
import { parseDuration } from "./duration.ts";
import { labelMap } from "./labels.ts";
import { withoutZeros } from "./properties.ts";

const mebibyte = 1024 * 1024;

/** What the daemon is asked to create. Like the official provider, it sends nothing for "", 0 and []. */
export function createOptions(container: ContainerProperties): Docker.ContainerCreateOptions {
  return withoutZeros({
    name: container.name,
    platform: container.platform,
    Image: container.image,
    Hostname: container.hostname,
    Domainname: container.domainname,
    User: container.user,
    WorkingDir: container.workingDir,
    Env: container.envs,
    Cmd: command(container),
    Entrypoint: container.entrypoints,
    Labels: labelMap(container.labels),
    Tty: container.tty,
    OpenStdin: container.stdinOpen,
    StopSignal: container.stopSignal,
    StopTimeout: container.stopTimeout,
    Healthcheck: healthConfig(container.healthcheck),
    ExposedPorts: Object.fromEntries((container.ports ?? []).map((port) => [portKey(port), {}])),
    Volumes: Object.fromEntries(
      (container.volumes ?? []).flatMap(({ containerPath }) => (containerPath ? [[containerPath, {}]] : [])),
    ),
    HostConfig: hostConfig(container),
  });
}

function hostConfig(container: ContainerProperties): Docker.HostConfig {
  return {
    ...withoutZeros({
      ...resources(container),
      NetworkMode: container.networkMode,
      PortBindings: portBindings(container.ports),
      Binds: binds(container.volumes),
      VolumesFrom: (container.volumes ?? []).flatMap(({ fromContainer }) => fromContainer ?? []),
      ExtraHosts: (container.hosts ?? []).map(({ host, ip }) => `${host}:${ip}`),
      Dns: container.dns,
      DnsOptions: container.dnsOpts,
      DnsSearch: container.dnsSearches,
      GroupAdd: container.groupAdds,
      SecurityOpt: container.securityOpts,
      CapAdd: container.capabilities?.adds,
      CapDrop: container.capabilities?.drops,
      Ulimits: (container.ulimits ?? []).map(({ name, soft, hard }) => ({
        Name: name,
        Soft: soft,
        Hard: hard,
      })),
      Sysctls: container.sysctls,
      Tmpfs: container.tmpfs,
      LogConfig: withoutZeros({ Type: container.logDriver, Config: container.logOpts }),
      Runtime: container.runtime,
      IpcMode: container.ipcMode,
      PidMode: container.pidMode,
      ShmSize: (container.shmSize ?? 0) * mebibyte,
      NanoCpus: Math.round(Number(container.cpus ?? 0) * 1e9),
      Privileged: container.privileged,
      PublishAllPorts: container.publishAllPorts,
      ReadonlyRootfs: container.readOnly,
      AutoRemove: container.rm,
    }),
    ...restartPolicy(container),
    // Unset would leave it to the daemon's own default, and then read back as something else.
    Init: container.init ?? false,
  } as Docker.HostConfig;
}

/** What an update in place sends. */
export function updateOptions(container: ContainerProperties): object {
  return { ...resources(container), ...restartPolicy(container) };
}

function restartPolicy({
  restart,
  maxRetryCount,
}: ContainerProperties): Pick<Docker.HostConfig, "RestartPolicy"> {
  return { RestartPolicy: { Name: restart ?? "no", MaximumRetryCount: maxRetryCount ?? 0 } };
}

function resources(container: ContainerProperties): Docker.HostConfig {
  const { memorySwap = 0 } = container;
  return withoutZeros({
    Memory: (container.memory ?? 0) * mebibyte,
    MemoryReservation: (container.memoryReservation ?? 0) * mebibyte,
    MemorySwap: memorySwap > 0 ? memorySwap * mebibyte : memorySwap,
    CpuShares: container.cpuShares,
    CpusetCpus: container.cpuSet,
    BlkioDeviceReadBps: rates(container.deviceReadBps),
    BlkioDeviceReadIOps: rates(container.deviceReadIops),
    BlkioDeviceWriteBps: rates(container.deviceWriteBps),
    BlkioDeviceWriteIOps: rates(container.deviceWriteIops),
  });
}

function command({ command: words }: ContainerProperties): string[] | undefined {
  if (words?.includes("")) throw new Error("values for command may not be empty");
  return words;
}

function healthConfig(check: ContainerProperties["healthcheck"]): Docker.HealthConfig | undefined {
  if (!check) return undefined;
  const durations = {
    Interval: parseDuration(check.interval),
    Timeout: parseDuration(check.timeout),
    StartPeriod: parseDuration(check.startPeriod),
    StartInterval: parseDuration(check.startInterval),
  };
  return { ...withoutZeros({ Test: check.tests, ...durations }), Retries: check.retries ?? 0 };
}

function binds(volumes: ContainerProperties["volumes"]): string[] {
  return (volumes ?? []).flatMap(
    ({ hostPath, volumeName, containerPath, fromContainer, readOnly, selinuxRelabel }) => {
      if (!containerPath === !fromContainer)
        throw new Error("a volume needs either a container path or a container");
      const source = hostPath || volumeName;
      if (!source || !containerPath) return [];
      return [
        `${source}:${containerPath}:${[readOnly ? "ro" : "rw", selinuxRelabel].filter(Boolean).join(",")}`,
      ];
    },
  );
}

type Port = NonNullable<ContainerProperties["ports"]>[number];

function portKey({ internal, protocol }: Port): string {
  return `${internal}/${protocol ?? "tcp"}`;
}

function portBindings(ports: ContainerProperties["ports"]): Docker.PortMap {
  const bindings: Record<string, Docker.PortBinding[]> = {};
  for (const port of ports ?? [])
    (bindings[portKey(port)] ??= []).push({ HostIp: port.ip ?? "", HostPort: String(port.external ?? 0) });
  return bindings;
}

function rates(devices: { path: string; rate: number }[] | undefined): { Path: string; Rate: number }[] {
  return (devices ?? []).map(({ path, rate }) => ({ Path: path, Rate: rate }));
}
