import type Docker from "dockerode";

interface Rate {
  Path: string;
  Rate: number;
}

/** A container's host part as the daemon gives it, null where there is nothing; dockerode's types say any to much of it. */
export type HostState = Omit<
  Docker.HostConfig,
  | "CapAdd"
  | "CapDrop"
  | "Dns"
  | "DnsOptions"
  | "ExtraHosts"
  | "SecurityOpt"
  | "LogConfig"
  | "BlkioDeviceReadBps"
  | "BlkioDeviceReadIOps"
  | "BlkioDeviceWriteBps"
  | "BlkioDeviceWriteIOps"
> & {
  CapAdd: string[] | null;
  CapDrop: string[] | null;
  Dns: string[] | null;
  DnsOptions: string[] | null;
  ExtraHosts: string[] | null;
  SecurityOpt: string[] | null;
  LogConfig: { Type: string; Config: Record<string, string> };
  BlkioDeviceReadBps: Rate[] | null;
  BlkioDeviceReadIOps: Rate[] | null;
  BlkioDeviceWriteBps: Rate[] | null;
  BlkioDeviceWriteIOps: Rate[] | null;
};

/** A container as the daemon describes it, with what dockerode's types leave out. */
export type Inspected = Omit<Docker.ContainerInspectInfo, "HostConfig"> & {
  HostConfig: HostState;
  Config: { StopSignal?: string; StopTimeout?: number };
  NetworkSettings: { Bridge?: string };
};
