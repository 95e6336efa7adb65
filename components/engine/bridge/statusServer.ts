import { createServer, type Server } from "node:http";
import type { Bridge } from "./bridge.ts";
import { metricsText } from "./metrics.ts";

/**
 * Serves `/metrics` (Prometheus) and `/health` (JSON: a `BridgeStatus` with `figures` and `residentBytes`; status 200
 * while the bridge is armed, applying or resyncing, else 503).
 * @throws where the port is taken
 */
export async function serveStatus(bridge: Bridge, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/metrics") {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(metricsText(bridge.status(), bridge.figures));
    } else if (path === "/health") {
      const status = bridge.status();
      response.statusCode = ["waiting", "stopped"].includes(status.state) ? 503 : 200;
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ ...status, figures: bridge.figures, residentBytes: process.memoryUsage.rss() }),
      );
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return server;
}
