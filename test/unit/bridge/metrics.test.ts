import { expect, it } from "vitest";
import type { BridgeStatus } from "../../../components/engine/bridge/bridgeStatus.ts";
import { Figures } from "../../../components/engine/bridge/figures.ts";
import { metricsText } from "../../../components/engine/bridge/metrics.ts";

const STATUS: BridgeStatus = {
  state: "applying",
  source: "green",
  target: "blue",
  lagBytes: 4_711,
  lagSeconds: 0.25,
  staleKeys: 3,
  unrepresentable: {
    "hash-field-expiry": { count: 2, samples: ["0 a", "0 b"] },
    'refused:odd"name\\': { count: 1, samples: ["0 c"] },
  },
  clockSkewMs: -1_500,
  lossless: false,
};

it("is Prometheus' text format, each family announced before its samples", () => {
  const figures = Object.assign(new Figures(), { applied: 10, translated: 4, fullCopies: 1 });
  const text = metricsText(STATUS, figures);
  expect(text.endsWith("\n")).toBe(true);
  const announced = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE (\w+) (gauge|counter)$/.exec(line)?.[1];
    if (type !== undefined) announced.add(type);
    if (line.startsWith("#")) continue;
    const sample = /^(\w+)(\{\w+="(?:[^"\\\n]|\\[\\"n])*"\})? (-?\d+(?:\.\d+)?)$/.exec(line);
    expect(sample, line).not.toBeNull();
    expect(announced).toContain(sample?.[1]);
  }
  for (const name of announced) expect(name).toMatch(/^redis_bridge_/);
});

it("tells lag, work, state, memory, and what is lost by kind", () => {
  const figures = Object.assign(new Figures(), { applied: 10, translated: 4, fullCopies: 1 });
  const lines = metricsText(STATUS, figures).split("\n");
  for (const line of [
    "redis_bridge_lag_bytes 4711",
    "redis_bridge_lag_seconds 0.25",
    "redis_bridge_stale_keys 3",
    "redis_bridge_commands_applied_total 10",
    "redis_bridge_commands_translated_total 4",
    "redis_bridge_full_copies_total 1",
    'redis_bridge_state{state="applying"} 1',
    'redis_bridge_state{state="waiting"} 0',
    'redis_bridge_feeds{colour="blue"} 1',
    'redis_bridge_feeds{colour="green"} 0',
    'redis_bridge_unrepresentable_keys{kind="hash-field-expiry"} 2',
    'redis_bridge_unrepresentable_keys{kind="refused:odd\\"name\\\\"} 1',
    "redis_bridge_clock_skew_seconds -1.5",
    "redis_bridge_lossless 0",
  ]) {
    expect(lines).toContain(line);
  }
  const resident = lines.find((line) => line.startsWith("redis_bridge_resident_memory_bytes "));
  expect(Number(resident?.split(" ")[1])).toBeGreaterThan(1024 * 1024);
});
