import type { ClientTrace } from "./clients/messages.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import type { Round } from "./round.ts";
import { spreadOf } from "./statistics.ts";

const CLIENT_PARTS: Record<keyof ClientTrace, string> = {
  untilClosed: "until its connection to the old server was closed",
  untilConnected: "until it had one to the new server (ioredis waits 20 ms before it tries)",
  untilReady: "until ioredis took it for ready (HELLO, AUTH, CLIENT SETINFO, INFO)",
  untilWritten: "until its first write was acknowledged",
};

const TRACED: readonly ContestantName[] = ["cutover", "failover", "sentinel"];

/** Where the time goes: as the client that moved first saw it, and by phase of our cutover. Medians over all rounds. */
export function traceOf(rounds: readonly Round[]): string[] {
  const rows = (Object.keys(CLIENT_PARTS) as (keyof ClientTrace)[]).map((part) => {
    const cells = TRACED.map((name) =>
      median(rounds.filter(({ contestant }) => contestant === name).map(({ trace }) => trace?.[part])),
    );
    return `| ${CLIENT_PARTS[part]} | ${cells.join(" | ")} |`;
  });
  const phases = Map.groupBy(
    rounds.flatMap((round) => round.phases ?? []),
    ({ name }) => name,
  );
  if (phases.size === 0) return [];
  const cells = [...phases].map(
    ([name, records]) => `| ${name} | ${median(records.map(({ durationMs }) => durationMs))} |`,
  );
  return [
    "## Where the time goes",
    "From the last write on the old server, for the client that wrote first on the new one, milliseconds:",
    ["| | this project | FAILOVER TO | SENTINEL FAILOVER |", "| --- | ---: | ---: | ---: |", ...rows].join(
      "\n",
    ),
    "Phases of our cutover, milliseconds; clients wait from hold to the middle of switch:",
    ["| phase | median |", "| --- | ---: |", ...cells].join("\n"),
  ];
}

function median(values: readonly (number | undefined)[]): string {
  return spreadOf(values)?.median.toFixed(1) ?? "–";
}
