/**
 * How fast the bridge catches up, beside the older server's own replication of the same stream:
 * `node bench/bridge.ts [--megabytes 700] [--rounds 3] [--source redis:7.0] [--target redis:6.0]
 * [--native redis:6.0] [--workload mix|expiry]`. `--native` is the server that replication is measured with: 6.0 rejects
 * every SET with an expiry of a 7.0, which costs it next to nothing.
 * Each round starts new servers. The older server is the newer one's master first, so that both ways begin with a
 * partial resync. Prints a table, and one JSON line at the end; ratios are ours/theirs in commands a second.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { TestServer } from "../test/support/testServer.ts";
import { fill, type Workload } from "./bridgeLoad.ts";
import { spread, startBridge, startServers } from "./bridgeServers.ts";

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "700" },
    rounds: { type: "string", default: "3" },
    source: { type: "string", default: "redis:7.0" },
    target: { type: "string", default: "redis:6.0" },
    native: { type: "string" },
    workload: { type: "string", default: "mix" },
  },
});

const nativeImage = options.native ?? options.target;

interface Round {
  commands: number;
  native: Run;
  bridge: Run & { residentMb: number };
}

/** Seconds from being attached to having everything, and processor time meanwhile. */
interface Run {
  seconds: number;
  target: number;
  source: number;
  /** Of the process between them. */
  process: number;
}

async function round(megabytes: number, workload: Workload): Promise<Round> {
  const servers = await startServers(options.source, options.target, nativeImage, megabytes * 1.5 + 64);
  const { source, native, bridged } = servers;
  try {
    const commands = await fill(source.admin.address, megabytes, workload);
    const { offset } = await source.admin.replication();
    const timedNative = await timeNative(source, native, offset);
    await native.stop();
    return { commands, native: timedNative, bridge: await timeBridge(source, bridged, offset) };
  } finally {
    await Promise.all([source.stop(), bridged.stop(), native.stop().catch(() => undefined)]);
  }
}

/** Processor seconds of a server since it began. */
async function cpuOf({ admin }: TestServer): Promise<number> {
  const info = await admin.info("cpu");
  return Number(info.get("used_cpu_user")) + Number(info.get("used_cpu_sys"));
}

/** Processor seconds of a process of this machine, in clock ticks of 10 ms. */
function cpuOfProcess(pid: number | undefined): number {
  const fields =
    readFileSync(`/proc/${pid ?? 0}/stat`, "utf8")
      .split(") ")[1]
      ?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function timeNative(source: TestServer, native: TestServer, offset: number): Promise<Run> {
  const full = await source.admin.info("stats");
  const [sourceCpu, targetCpu] = await Promise.all([cpuOf(source), cpuOf(native)]);
  await native.admin.call("REPLICAOF", source.peer.host, source.peer.port);
  let begun: number | undefined;
  for (;;) {
    const state = await native.admin.replication();
    if (state.linkUp) begun ??= performance.now();
    if (state.linkUp && state.offset >= offset) break;
    await delay(5);
  }
  const seconds = (performance.now() - (begun ?? 0)) / 1_000;
  const after = await source.admin.info("stats");
  if (after.get("sync_full") !== full.get("sync_full"))
    throw new Error("native replication needed a full copy");
  const target = (await cpuOf(native)) - targetCpu;
  return { seconds, target, source: (await cpuOf(source)) - sourceCpu, process: 0 };
}

/**
 * In a process of its own, past Docker's port proxy, as native replication goes. The time begins when it is attached, as
 * with native replication.
 */
async function timeBridge(source: TestServer, target: TestServer, offset: number): Promise<Round["bridge"]> {
  const child = startBridge(source, target);
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [sourceCpu, targetCpu] = await Promise.all([cpuOf(source), cpuOf(target)]);
  let begun: number | undefined;
  let residentMb = 0;
  try {
    for (;;) {
      await delay(begun === undefined ? 5 : 20);
      const port = /"statusPort":(\d+)/.exec(output)?.[1];
      if (port === undefined) continue;
      if (output.includes('"applying"')) begun ??= performance.now();
      const reply = await fetch(`http://127.0.0.1:${port}/health`);
      const health = (await reply.json()) as {
        position?: { confirmed: { offset: number } };
        residentBytes: number;
        figures: { fullCopies: number };
      };
      if (health.figures.fullCopies > 0) throw new Error("the bridge needed a full copy");
      residentMb = Math.max(residentMb, health.residentBytes / 1024 / 1024);
      if ((health.position?.confirmed.offset ?? 0) >= offset) break;
    }
    const seconds = (performance.now() - (begun ?? 0)) / 1_000;
    const [process, sourceAfter, targetAfter] = [
      cpuOfProcess(child.pid),
      await cpuOf(source),
      await cpuOf(target),
    ];
    return { seconds, residentMb, process, source: sourceAfter - sourceCpu, target: targetAfter - targetCpu };
  } finally {
    child.kill("SIGTERM");
  }
}

const workload: Workload = options.workload === "expiry" ? "expiry" : "mix";
const rounds: Round[] = [];
console.log(
  "| commands | native /s | bridge /s | ratio | target µs a command, native / bridge | bridge's process µs | source µs, native / bridge | resident MB |\n" +
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
);
for (let i = 0; i < Number(options.rounds); i++) {
  const made = await round(Number(options.megabytes), workload);
  rounds.push(made);
  const { commands, native, bridge } = made;
  const each = (seconds: number): string => ((seconds * 1e6) / commands).toFixed(2);
  const cells = [
    commands,
    Math.round(commands / native.seconds),
    Math.round(commands / bridge.seconds),
    (native.seconds / bridge.seconds).toFixed(2),
    `${each(native.target)} / ${each(bridge.target)}`,
    each(bridge.process),
    `${each(native.source)} / ${each(bridge.source)}`,
    Math.round(bridge.residentMb),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
console.log(
  JSON.stringify({
    bench: "bridge",
    source: options.source,
    target: options.target,
    native: nativeImage,
    workload,
    megabytes: Number(options.megabytes),
    nativePerSecond: spread(rounds.map(({ commands, native }) => commands / native.seconds)),
    bridgePerSecond: spread(rounds.map(({ commands, bridge }) => commands / bridge.seconds)),
    bridgeVsReplication: spread(rounds.map(({ native, bridge }) => native.seconds / bridge.seconds)),
    residentMb: spread(rounds.map(({ bridge }) => bridge.residentMb)),
  }),
);
