import type { AddressInfo } from "node:net";
import { Bridge } from "./bridge.ts";
import { readSettings, SettingsError, type ProcessSettings } from "./processSettings.ts";
import { serveStatus } from "./statusServer.ts";

/** A line of JSON on the standard output. */
function log(event: string, details: Record<string, unknown> = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...details })}\n`);
}

/** How often its figures are logged, in milliseconds. */
const REPORT_MS = 60_000;

/** The bridge's process: runs until SIGTERM or SIGINT. Exit code 1: the settings can't be used. */
async function main(): Promise<void> {
  let settings: ProcessSettings;
  try {
    settings = readSettings(process.env);
  } catch (error) {
    log("settings", { error: error instanceof SettingsError ? error.message : "unreadable" });
    process.exitCode = 1;
    return;
  }
  const bridge = new Bridge(settings, { onEvent: log });
  const server = await serveStatus(bridge, settings.status.host, settings.status.port);
  log("started", { statusPort: (server.address() as AddressInfo).port });
  const reports = setInterval(() => {
    const { state, lagBytes, lagSeconds, staleKeys, unrepresentable } = bridge.status();
    const kinds = Object.entries(unrepresentable).map(([kind, { count }]) => [kind, count]);
    log("figures", {
      state,
      lagBytes,
      lagSeconds,
      staleKeys,
      unrepresentable: Object.fromEntries(kinds),
      ...Object.fromEntries(Object.entries(bridge.figures)),
    });
  }, REPORT_MS);
  const stop = (): void => {
    bridge.stop().catch((error: unknown) => {
      log("stop", { error: String(error) });
    });
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  await bridge.run();
  clearInterval(reports);
  server.close();
  server.closeAllConnections();
}

await main();
