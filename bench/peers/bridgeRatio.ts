import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Spread } from "./statistics.ts";

/** Runs the bridge's own bench in a process, and reads its last line. */
export async function measureBridge(
  { megabytes, rounds }: { megabytes: number; rounds: number },
  signal: AbortSignal,
): Promise<Spread> {
  const script = fileURLToPath(new URL("../bridge.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [script, "--megabytes", String(megabytes), "--rounds", String(rounds)],
    // In a process group of its own: it removes its servers when it is done, and Ctrl-C would keep it from that.
    { stdio: ["ignore", "pipe", "inherit"], detached: true },
  );
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`bench/bridge.ts ended with ${String(code)}`);
  const last = output.trim().split("\n").at(-1) ?? "";
  const { bridgeVsReplication } = JSON.parse(last) as { bridgeVsReplication: Omit<Spread, "count"> };
  return { ...bridgeVsReplication, count: rounds };
}
