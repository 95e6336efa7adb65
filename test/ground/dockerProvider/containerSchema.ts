import { durationPattern } from "./duration.ts";
import { flag, labels, list, map, number, object, set, text, type Field, type Fields } from "./schema.ts";

const replaces = true;
const computed = true;

const rate = (): Field =>
  set(object({ path: text({ required: true }), rate: number({ required: true, minimum: 0 }) }));

const duration = (): Field => text({ default: "0s", pattern: durationPattern });

const port = object({
  internal: number({ required: true }),
  external: number({ computed }),
  ip: text({ default: "0.0.0.0" }),
  protocol: text({ default: "tcp" }),
});

const upload = object({
  file: text({ required: true }),
  content: text(),
  contentBase64: text(),
  source: text(),
  sourceHash: text(),
  executable: flag({ default: false }),
  permissions: text({ pattern: /^0[0-7]{3}$/ }),
});

const volume = object({
  containerPath: text(),
  fromContainer: text(),
  hostPath: text({ pattern: /^\// }),
  volumeName: text(),
  readOnly: flag(),
  selinuxRelabel: text({ pattern: /^(z|Z)$/ }),
});

const network = object({
  name: text({ required: true }),
  aliases: set(text()),
  ipv4Address: text(),
  ipv6Address: text(),
  linkLocalIps: set(text()),
  macAddress: text(),
  driverOpts: set(text()),
});

const healthcheck = object(
  {
    tests: list(text()),
    interval: duration(),
    timeout: duration(),
    startPeriod: duration(),
    startInterval: duration(),
    retries: number({ default: 0, minimum: 0 }),
  },
  // In place up to provider 5.1; 5.2 is taken to recreate the container.
  { computed, replaces },
);

const networkData = object({
  networkName: text(),
  ipAddress: text(),
  ipPrefixLength: number(),
  gateway: text(),
  globalIpv6Address: text(),
  globalIpv6PrefixLength: number(),
  ipv6Gateway: text(),
  macAddress: text(),
});

/** A change here replaces the container. */
const replacing: Fields = {
  name: text({ required: true, autonamed: true, replaces }),
  image: text({ required: true, replaces }),
  command: list(text(), { computed, replaces }),
  entrypoints: list(text(), { computed, replaces }),
  envs: set(text(), { computed, replaces }),
  labels: labels({ computed, replaces }),
  ports: list(port, { replaces, anyOrder: true }),
  volumes: set(volume, { replaces }),
  uploads: set(upload, { replaces }),
  networksAdvanced: set(network, { replaces }),
  networkMode: text({ default: "bridge", replaces }),
  hosts: set(object({ host: text({ required: true }), ip: text({ required: true }) }), { replaces }),
  healthcheck,
  user: text({ replaces, blankKeeps: true }),
  workingDir: text({ replaces, blankKeeps: true }),
  hostname: text({ computed, replaces }),
  domainname: text({ replaces }),
  dns: set(text(), { replaces }),
  dnsOpts: set(text(), { replaces }),
  dnsSearches: set(text(), { replaces }),
  groupAdds: set(text(), { replaces }),
  securityOpts: set(text(), { computed, replaces }),
  capabilities: object({ adds: set(text()), drops: set(text()) }, { replaces }),
  ulimits: set(
    object({
      name: text({ required: true }),
      soft: number({ required: true }),
      hard: number({ required: true }),
    }),
    { replaces },
  ),
  sysctls: map({ replaces }),
  logDriver: text({ computed, replaces }),
  logOpts: map({ replaces }),
  stopSignal: text({ computed, replaces }),
  stopTimeout: number({ computed, replaces }),
  platform: text({ computed, replaces }),
  runtime: text({ computed, replaces }),
  ipcMode: text({ computed, replaces }),
  pidMode: text({ replaces }),
  shmSize: number({ computed, replaces, minimum: 0 }),
  cpus: text({ replaces, pattern: /^\d+(\.\d+)?$/ }),
  privileged: flag({ replaces }),
  publishAllPorts: flag({ replaces }),
  readOnly: flag({ default: false, replaces }),
  tty: flag({ default: false, replaces }),
  stdinOpen: flag({ default: false, replaces }),
};

/** A change here reaches the running container. */
const inPlace: Fields = {
  restart: text({ default: "no", pattern: /^(no|on-failure|always|unless-stopped)$/ }),
  maxRetryCount: number(),
  memory: number({ minimum: 0 }),
  memoryReservation: number({ default: 0, minimum: 0 }),
  memorySwap: number({ minimum: -1 }),
  cpuShares: number({ minimum: 0 }),
  cpuSet: text({ pattern: /^\d+([,-]\d+)*$/ }),
  deviceReadBps: rate(),
  deviceReadIops: rate(),
  deviceWriteBps: rate(),
  deviceWriteIops: rate(),
};

/** A change here is noted in the state and nowhere else; `mustRun` from false to true also starts the container. */
const stateOnly: Fields = {
  tmpfs: map(),
  init: flag({ computed }),
  rm: flag({ default: false }),
  start: flag({ default: true }),
  wait: flag({ default: false }),
  waitTimeout: number({ default: 60 }),
  attach: flag({ default: false }),
  logs: flag({ default: false }),
  mustRun: flag({ default: true }),
  destroyGraceSeconds: number(),
  removeVolumes: flag({ default: true }),
};

const outputs: Fields = {
  bridge: text({ output: true }),
  containerLogs: text({ output: true }),
  exitCode: number({ output: true }),
  networkDatas: list(networkData, { output: true }),
};

/** The container as the official provider's schema describes it, without devices, mounts, GPUs and Windows' parts. */
export const containerSchema: Fields = { ...replacing, ...inPlace, ...stateOnly, ...outputs };

/** Names of what an update hands to Docker. */
export const updatedInPlace: string[] = Object.keys(inPlace);
