import type { BridgeState, BridgeStatus } from "./bridgeStatus.ts";
import type { Figures } from "./figures.ts";

const STATES: readonly BridgeState[] = ["armed", "applying", "resyncing", "waiting", "stopped"];

/** Prometheus' text format; bytes and seconds as its conventions have them. */
export function metricsText(status: BridgeStatus, figures: Figures): string {
  const lines: string[] = [];
  const add = (
    name: string,
    type: "gauge" | "counter",
    help: string,
    samples: Record<string, number>,
  ): void => {
    lines.push(`# HELP redis_bridge_${name} ${help}`, `# TYPE redis_bridge_${name} ${type}`);
    for (const [labels, value] of Object.entries(samples))
      lines.push(`redis_bridge_${name}${labels} ${value}`);
  };
  const one = (value: number): Record<string, number> => ({ "": value });
  add(
    "state",
    "gauge",
    "1 for the state that the bridge is in.",
    Object.fromEntries(STATES.map((state) => [`{state="${state}"}`, Number(state === status.state)])),
  );
  add(
    "lossless",
    "gauge",
    "1 where the target holds everything that the source does.",
    one(Number(status.lossless)),
  );
  add("lag_bytes", "gauge", "Bytes of the source's history that the target lacks.", one(status.lagBytes));
  add("lag_seconds", "gauge", "For how long the target has lacked something.", one(status.lagSeconds));
  add("stale_keys", "gauge", "Keys that are being copied again.", one(status.staleKeys));
  add("commands_applied_total", "counter", "Commands that took effect on the target.", one(figures.applied));
  add("commands_translated_total", "counter", "Commands that were rewritten.", one(figures.translated));
  add("commands_dropped_total", "counter", "Commands that concern no data.", one(figures.dropped));
  add("commands_failed_total", "counter", "Commands that failed on the target.", one(figures.failures));
  add("keys_recopied_total", "counter", "Keys that were copied.", one(figures.recopied));
  add("batches_total", "counter", "Transactions on the target.", one(figures.batches));
  add("reconnects_total", "counter", "Times that a connection was lost.", one(figures.reconnects));
  add("full_copies_total", "counter", "Times that everything was copied.", one(figures.fullCopies));
  add("feeds", "gauge", "1 for the colour that is written to.", {
    '{colour="blue"}': Number(status.target === "blue"),
    '{colour="green"}': Number(status.target === "green"),
  });
  const kinds = Object.entries(status.unrepresentable).map(([kind, { count }]) => [
    `{kind="${escaped(kind)}"}`,
    count,
  ]);
  add(
    "unrepresentable_keys",
    "gauge",
    "Keys that the target can't hold.",
    Object.fromEntries(kinds) as Record<string, number>,
  );
  add("copy_keys", "gauge", "Keys of a full copy.", {
    '{which="copied"}': status.progress?.copied ?? 0,
    '{which="of"}': status.progress?.of ?? 0,
  });
  add(
    "clock_skew_seconds",
    "gauge",
    "The target's clock less the source's.",
    one((status.clockSkewMs ?? 0) / 1_000),
  );
  add("resident_memory_bytes", "gauge", "Memory of the bridge's process.", one(process.memoryUsage.rss()));
  return `${lines.join("\n")}\n`;
}

/** As a label's value. */
function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
