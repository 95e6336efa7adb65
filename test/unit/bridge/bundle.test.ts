import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bridgeBundle } from "../../../components/engine/bridge/bundle.ts";

it("is one text that runs with plain Node.js, and always the same", () => {
  const text = bridgeBundle();
  expect(bridgeBundle()).toBe(text);
  expect(text).not.toContain(process.cwd());
  // Only what is built in may be imported.
  expect(text.match(/from"(?!node:)[^"]+"/g)).toBeNull();
  const folder = mkdtempSync(join(tmpdir(), "bridge-bundle-"));
  try {
    writeFileSync(join(folder, "bridge.mjs"), text);
    const run = (env: Record<string, string>): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, ["bridge.mjs"], { cwd: folder, env, encoding: "utf8", timeout: 1_500 });
    const refused = run({});
    expect(refused.stderr).toBe("");
    expect(JSON.parse(String(refused.stdout))).toMatchObject({
      event: "settings",
      error: "blue's host is missing",
    });
    expect(refused.status).toBe(1);
    const end = { host: "127.0.0.1", port: 1, username: "bridge" };
    const status = { host: "127.0.0.1", port: 0 };
    writeFileSync(join(folder, "settings.json"), JSON.stringify({ blue: end, green: end, status }));
    const waits = run({ REDIS_BRIDGE_SETTINGS: "settings.json" });
    expect(waits.stderr).toBe("");
    expect(waits.stdout).toContain("blue can't be looked at");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
