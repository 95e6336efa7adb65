import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { PROXY_PORTS } from "../../../components/docker/haproxyConfig.ts";
import type { Manner } from "../clients/messages.ts";
import { containerOf, DEFAULTS, type Fault, type Part, type Scene } from "./fault.ts";

const run = promisify(execFile);

/** Of packets that arrive at or leave a server, where the network loses some. */
const LOST_SHARE = "0.1";
/** What one server may send, and how long a packet waits at most before it is dropped: delay and loss of a full line. */
const SLOW_LINE = ["rate", "300kbit", "burst", "4kb", "latency", "500ms"];

const SERVERS: Part[] = ["old", "new"];

/** Packets between two containers are dropped, both ways, without a word to either. */
export function apart(part: Part, peer: Part, manner: Manner): Fault {
  return ofNetwork(manner, [part], async (scene) => {
    const { address } = await networkOf(peer, scene);
    return [drop("INPUT", "--source", address), drop("OUTPUT", "--destination", address)];
  });
}

/** The same between a container and this machine, where the driver runs; clients reach the proxy all the same. */
export function apartFromDriver(part: Part): Fault {
  return ofNetwork("resend", [part], async (scene) => {
    const { gateway } = await networkOf(part, scene);
    const port = part === "proxy" ? ["--protocol", "tcp", "--dport", String(PROXY_PORTS.runtime)] : [];
    return [drop("INPUT", "--source", gateway, ...port)];
  });
}

/** Both servers' lines lose packets. */
export const networkLossy = ofNetwork("once", SERVERS, () =>
  Promise.resolve(
    ["INPUT", "OUTPUT"].map((chain) =>
      drop(chain, "--match", "statistic", "--mode", "random", "--probability", LOST_SHARE),
    ),
  ),
);

/** Both servers' lines are too narrow for what they send: packets wait, and some are lost. */
export const networkSlow: Fault = {
  ...DEFAULTS,
  needs: "network tools",
  make: async (scene) => {
    const devices = await Promise.all(SERVERS.map((part) => deviceOf(part, scene)));
    const line = (verb: string, i: number): string[] =>
      `tc qdisc ${verb} dev ${devices[i] ?? ""} root`.split(" ");
    for (const [i, part] of SERVERS.entries()) {
      await inNetworkOf(part, scene, [...line("add", i), "tbf", ...SLOW_LINE]);
    }
    return async () => {
      for (const [i, part] of SERVERS.entries()) await inNetworkOf(part, scene, line("del", i));
    };
  },
};

/** The container's way out; it is called otherwise after it was off the network for a while. */
async function deviceOf(part: Part, scene: Scene): Promise<string> {
  const route = await inNetworkOf(part, scene, ["ip", "-o", "-4", "route", "show", "default"]);
  const device = / dev (\S+)/.exec(route)?.[1];
  if (device === undefined) throw new Error(`${containerOf(part, scene)} has no default route`);
  return device;
}

/** @param rulesOf the packets to drop in the network of each part, until the fault is over or its container ends */
function ofNetwork(manner: Manner, parts: Part[], rulesOf: (scene: Scene) => Promise<string[][]>): Fault {
  return {
    ...DEFAULTS,
    manner,
    needs: "network tools",
    make: async (scene) => {
      const rules = await rulesOf(scene);
      for (const part of parts) for (const rule of rules) await inNetworkOf(part, scene, rule);
      return async () => {
        for (const part of parts) {
          for (const rule of rules) await inNetworkOf(part, scene, inverse(rule));
        }
      };
    },
  };
}

function drop(chain: string, ...match: string[]): string[] {
  return ["iptables", "--wait", "--append", chain, ...match, "--jump", "DROP"];
}

function inverse(rule: string[]): string[] {
  return rule.map((word) => (word === "--append" ? "--delete" : word));
}

async function networkOf(part: Part, scene: Scene): Promise<{ address: string; gateway: string }> {
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}";
  const text = await scene.stack.docker("inspect", "--format", format, containerOf(part, scene));
  const [address = "", gateway = ""] = text.trim().split(" ");
  if (gateway === "") throw new Error(`${containerOf(part, scene)} is on no network`);
  return { address, gateway };
}

/** Runs a command of this machine in the container's network. */
async function inNetworkOf(part: Part, scene: Scene, command: string[]): Promise<string> {
  const container = containerOf(part, scene);
  const pid = (await scene.stack.docker("inspect", "--format", "{{.State.Pid}}", container)).trim();
  return (await run("nsenter", [`--net=/proc/${pid}/ns/net`, ...command])).stdout;
}
