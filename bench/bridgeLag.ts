/**
 * How late a write is on the target while the source takes so many a second:
 * `node bench/bridgeLag.ts [--rate 20000] [--seconds 20] [--source redis:7.0] [--target redis:6.0]`.
 * Every few milliseconds a probe is written to the source and looked for on the target, until it is there. Afterwards, with
 * the source at rest, single writes and PUBLISHes, until the target's own key says that all is confirmed: so long a rollback
 * waits for the bridge's last word. Prints a table of milliseconds, and one JSON line at the end.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { PlainClient } from "../components/engine/bridge/plainClient.ts";
import { parsePosition, POSITION_KEY } from "../components/engine/bridge/position.ts";
import { infoNumber, parseInfo } from "../components/engine/infoReply.ts";
import { BRIDGE_USER } from "../components/engine/users.ts";
import type { TestServer } from "../test/support/testServer.ts";
import { commands } from "./bridgeLoad.ts";
import { startBridge, startServers } from "./bridgeServers.ts";

const { values: options } = parseArgs({
  options: {
    rate: { type: "string", default: "20000" },
    seconds: { type: "string", default: "20" },
    source: { type: "string", default: "redis:7.0" },
    target: { type: "string", default: "redis:6.0" },
  },
});

const STEP_MS = 2;
const PROBE_EVERY_MS = 10;
const REST_PROBES = 200;

/** Writes evenly until it is told to end; returns how many commands. */
async function load({ peer }: TestServer, rate: number, end: AbortSignal): Promise<number> {
  const socket = connect({ host: peer.host, port: peer.port, noDelay: true });
  await once(socket, "connect");
  socket.resume();
  const begun = performance.now();
  let sent = 0;
  while (!end.aborted) {
    const due = Math.floor(((performance.now() - begun) * rate) / 1_000);
    if (due > sent && !socket.write(commands("mix", sent, due), "latin1")) await once(socket, "drain");
    sent = Math.max(sent, due);
    await delay(STEP_MS);
  }
  socket.destroy();
  return sent;
}

/** Milliseconds until a write is on the target. */
async function probe(source: PlainClient, target: PlainClient, value: string): Promise<number> {
  await source.call("SET", "probe", value);
  const begun = performance.now();
  while (String(await target.call("GET", "probe")) !== value) continue;
  return performance.now() - begun;
}

/** Milliseconds until the target's key says that a command took effect and its answer was looked at. */
async function probeAtRest(source: PlainClient, target: PlainClient, words: string[]): Promise<number> {
  const [, info] = await source.batch([words, ["INFO", "replication"]]);
  const begun = performance.now();
  const offset = infoNumber(parseInfo(String(info)), "master_repl_offset");
  for (;;) {
    const position = parsePosition(String(await target.call("GET", POSITION_KEY)));
    if (position !== undefined && Math.min(position.applied.offset, position.confirmed.offset) >= offset)
      return performance.now() - begun;
  }
}

function quantiles(times: number[]): { p50: number; p95: number; p99: number; most: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(2));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

const { source, native, bridged } = await startServers(options.source, options.target, options.target, 256);
const child = startBridge(source, bridged);
const end = new AbortController();
const times: number[] = [];
try {
  await native.stop();
  const login = { username: BRIDGE_USER };
  const [here, there] = await Promise.all([
    PlainClient.open(source.peer, login),
    // The bridge ends every connection of its own user on the target.
    PlainClient.open(bridged.peer, { username: "default" }),
  ]);
  await probe(here, there, "begun");
  const loading = load(source, Number(options.rate), end.signal);
  const seconds = Number(options.seconds);
  const begun = performance.now();
  for (let i = 0; performance.now() - begun < seconds * 1_000; i++) {
    times.push(await probe(here, there, `probe ${i}`));
    await delay(PROBE_EVERY_MS);
  }
  end.abort();
  const rate = Math.round((await loading) / ((performance.now() - begun) / 1_000));
  await delay(500);
  await there.call("SELECT", 15);
  const rests: number[] = [];
  for (let i = 0; i < REST_PROBES; i++) {
    const words = i % 2 === 0 ? ["SET", "rest", String(i)] : ["PUBLISH", "channel", "x"];
    rests.push(await probeAtRest(here, there, words));
    await delay(PROBE_EVERY_MS);
  }
  here.close();
  there.close();
  const [lag, rest] = [quantiles(times), quantiles(rests)];
  console.log("| | probes | p50 | p95 | p99 | most |\n| --- | --- | --- | --- | --- | --- |");
  console.log(
    `| on the target, at ${rate} writes/s | ${[times.length, ...Object.values(lag)].join(" | ")} |`,
  );
  console.log(`| confirmed, at rest | ${[rests.length, ...Object.values(rest)].join(" | ")} |`);
  const { source: from, target: to } = options;
  console.log(
    JSON.stringify({ bench: "bridgeLag", source: from, target: to, rate, lagMs: lag, restMs: rest }),
  );
} finally {
  end.abort();
  child.kill("SIGTERM");
  await Promise.all([source.stop(), bridged.stop(), native.stop().catch(() => undefined)]);
}
