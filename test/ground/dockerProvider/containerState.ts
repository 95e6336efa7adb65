import type Docker from "dockerode";
import { asContainer, type ContainerProperties } from "./containerTypes.ts";
import { formatDuration } from "./duration.ts";
import type { HostState, Inspected } from "./inspected.ts";
import { isZero, withoutNulls, type Properties } from "./properties.ts";

const mebibyte = 1024 * 1024;

/**
 * The state after a look at the container. Kept as they were: envs, labels, volumes, uploads, networksAdvanced and
 * all that Docker does not know.
 */
export function readState(found: Inspected, old: Properties): Properties {
  return withoutNulls({
    ...old,
    ...readConfig(found, asContainer(old)),
    ...readHost(found, old),
    ...readRun(found, old),
  });
}

/** A stopped container that must run reads as mustRun=false, without ports: what the next update makes of it is decided by the diff. */
function readRun({ State, NetworkSettings }: Inspected, old: Properties): ContainerProperties {
  const mustRun = old["mustRun"] !== false;
  const run: ContainerProperties = {
    bridge: NetworkSettings.Bridge ?? "",
    networkDatas: Object.entries(NetworkSettings.Networks).map(([networkName, network]) => ({
      networkName,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      gateway: network.Gateway,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipv6Gateway: network.IPv6Gateway,
      macAddress: network.MacAddress,
    })),
  };
  if ((State.Running || mustRun) && !isZero(old["ports"])) run.ports = readPorts(NetworkSettings.Ports);
  if (State.Running) return run;
  return { ...run, exitCode: State.ExitCode, ...(mustRun && { mustRun: false }) };
}

function readPorts(
  ports: Docker.ContainerInspectInfo["NetworkSettings"]["Ports"],
): ContainerProperties["ports"] {
  return Object.entries(ports)
    .sort(([a], [b]) => Number.parseInt(a) - Number.parseInt(b))
    .flatMap(([key, bindings]) => {
      const [internal, protocol = "tcp"] = key.split("/");
      // The daemon gives null for a port that is exposed and not published.
      return ((bindings as typeof bindings | null) ?? []).map(({ HostIp, HostPort }) => ({
        internal: Number(internal),
        external: Number(HostPort),
        ip: HostIp,
        protocol,
      }));
    });
}

function readConfig({ Name, Image, Config }: Inspected, old: ContainerProperties): object {
  const check = Config.Healthcheck;
  return {
    name: Name.replace(/^\//, ""),
    image: old.image?.startsWith("sha256:") ? Image : Config.Image,
    hostname: Config.Hostname,
    domainname: Config.Domainname,
    user: Config.User,
    workingDir: Config.WorkingDir,
    command: Config.Cmd,
    entrypoints: Config.Entrypoint ?? [],
    tty: Config.Tty,
    stdinOpen: Config.OpenStdin,
    stopSignal: Config.StopSignal,
    stopTimeout: Config.StopTimeout,
    ...(check && {
      healthcheck: {
        tests: check.Test ?? [],
        interval: formatDuration(check.Interval),
        timeout: formatDuration(check.Timeout),
        startPeriod: formatDuration(check.StartPeriod),
        startInterval: formatDuration(check.StartInterval),
        retries: check.Retries ?? 0,
      },
    }),
  };
}

function readHost({ HostConfig: host, Platform }: Inspected, old: Properties): object {
  return {
    platform: Platform,
    rm: host.AutoRemove,
    readOnly: host.ReadonlyRootfs,
    privileged: host.Privileged,
    publishAllPorts: host.PublishAllPorts,
    restart: host.RestartPolicy?.Name,
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount,
    init: host.Init ?? false,
    networkMode: host.NetworkMode,
    dns: host.Dns ?? [],
    dnsOpts: host.DnsOptions ?? [],
    dnsSearches: host.DnsSearch ?? [],
    groupAdds: host.GroupAdd ?? [],
    securityOpts: host.SecurityOpt ?? [],
    hosts: (host.ExtraHosts ?? []).map(splitHost),
    sysctls: host.Sysctls ?? {},
    tmpfs: host.Tmpfs ?? {},
    runtime: host.Runtime,
    ipcMode: host.IpcMode,
    logDriver: host.LogConfig.Type,
    ...readResources(host),
    ...((host.CapAdd ?? host.CapDrop) && {
      capabilities: { adds: host.CapAdd ?? [], drops: host.CapDrop ?? [] },
    }),
    ...(!isZero(old["logOpts"]) && { logOpts: host.LogConfig.Config }),
    ...(!isZero(old["pidMode"]) && { pidMode: host.PidMode }),
    ...(!isZero(old["ulimits"]) && {
      ulimits: (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({ name: Name, soft: Soft, hard: Hard })),
    }),
  };
}

function readResources(host: HostState): object {
  const { Memory = 0, MemoryReservation = 0, MemorySwap = 0, NanoCpus = 0 } = host;
  return {
    memory: Math.floor(Memory / mebibyte),
    memoryReservation: Math.floor(MemoryReservation / mebibyte),
    memorySwap: MemorySwap > 0 ? Math.floor(MemorySwap / mebibyte) : MemorySwap,
    shmSize: Math.floor((host.ShmSize ?? 0) / mebibyte),
    cpuShares: host.CpuShares,
    cpuSet: host.CpusetCpus,
    ...(NanoCpus > 0 && { cpus: formatCpus(NanoCpus) }),
    deviceReadBps: readRates(host.BlkioDeviceReadBps),
    deviceReadIops: readRates(host.BlkioDeviceReadIOps),
    deviceWriteBps: readRates(host.BlkioDeviceWriteBps),
    deviceWriteIops: readRates(host.BlkioDeviceWriteIOps),
  };
}

function readRates(devices: HostState["BlkioDeviceReadBps"]): { path: string; rate: number }[] {
  return (devices ?? []).map(({ Path, Rate }) => ({ path: Path, rate: Rate }));
}

function splitHost(entry: string): { host: string; ip: string } {
  const [host = "", ip = ""] = entry.split(":");
  return { host, ip };
}

/** As the official provider writes cpus: `2.0`, `1.5`; its `10.` is no slip of this copy. */
function formatCpus(nanoCpus: number): string {
  const full = (nanoCpus / 1e9).toFixed(9);
  return full.split("0").length - 1 === 9 ? (nanoCpus / 1e9).toFixed(1) : full.replace(/0+$/, "");
}
