import type { Properties } from "./dockerProvider/properties.ts";

/** Each change that replaces a container, beside the detailed difference that tells of it. */
export const replacements: [Properties, Record<string, string>][] = [
  [{ image: "redis:8.0" }, { image: "UPDATE_REPLACE" }],
  [{ command: ["redis-server"] }, { "command[1]": "DELETE_REPLACE", "command[2]": "DELETE_REPLACE" }],
  [{ entrypoints: ["sh"] }, { "entrypoints[0]": "ADD_REPLACE" }],
  [{ envs: ["A=1"] }, { "envs[0]": "ADD_REPLACE" }],
  [{ labels: [{ label: "a", value: "b" }] }, { "labels[0]": "ADD_REPLACE" }],
  [{ ports: [] }, { ports: "DELETE_REPLACE" }],
  [{ volumes: [{ containerPath: "/data", volumeName: "v" }] }, { "volumes[0]": "ADD_REPLACE" }],
  [{ uploads: [{ file: "/f", content: "x" }] }, { "uploads[0]": "ADD_REPLACE" }],
  [{ networksAdvanced: [{ name: "n" }] }, { "networksAdvanced[0]": "ADD_REPLACE" }],
  [{ networkMode: "host" }, { networkMode: "UPDATE_REPLACE" }],
  [{ hosts: [{ host: "h", ip: "10.0.0.1" }] }, { "hosts[0]": "ADD_REPLACE" }],
  [{ user: "redis" }, { user: "UPDATE_REPLACE" }],
  [{ hostname: "h" }, { hostname: "UPDATE_REPLACE" }],
  [{ capabilities: { drops: ["ALL"] } }, { "capabilities.drops[0]": "ADD_REPLACE" }],
  [{ logDriver: "none" }, { logDriver: "UPDATE_REPLACE" }],
  [{ logOpts: { "max-size": "1m" } }, { "logOpts.max-size": "ADD_REPLACE" }],
  [{ stopSignal: "SIGINT" }, { stopSignal: "ADD_REPLACE" }],
  [{ stopTimeout: 20 }, { stopTimeout: "ADD_REPLACE" }],
  [{ ulimits: [{ name: "nofile", soft: 1, hard: 2 }] }, { "ulimits[0]": "ADD_REPLACE" }],
  [{ sysctls: { "net.core.somaxconn": "512" } }, { "sysctls.net.core.somaxconn": "ADD_REPLACE" }],
  [{ readOnly: true }, { readOnly: "UPDATE_REPLACE" }],
  [{ platform: "linux/amd64" }, { platform: "UPDATE_REPLACE" }],
  [{ cpus: "1.0" }, { cpus: "ADD_REPLACE" }],
  [
    {
      healthcheck: {
        tests: ["CMD"],
        interval: "1s",
        timeout: "1s",
        startPeriod: "1s",
        startInterval: "1s",
        retries: 3,
      },
    },
    {
      "healthcheck.tests[0]": "ADD_REPLACE",
      "healthcheck.interval": "ADD_REPLACE",
      "healthcheck.timeout": "ADD_REPLACE",
      "healthcheck.startPeriod": "ADD_REPLACE",
      "healthcheck.startInterval": "ADD_REPLACE",
      "healthcheck.retries": "ADD_REPLACE",
    },
  ],
];

/** Changes in place, and changes that only the state notes. */
export const harmlessChanges: Properties = {
  restart: "always",
  maxRetryCount: 3,
  memory: 128,
  memorySwap: 128,
  memoryReservation: 32,
  cpuShares: 512,
  cpuSet: "0",
  tmpfs: { "/t": "" },
  init: true,
  rm: true,
  start: false,
  wait: true,
  waitTimeout: 5,
  attach: true,
  logs: true,
  destroyGraceSeconds: 20,
  removeVolumes: false,
};
