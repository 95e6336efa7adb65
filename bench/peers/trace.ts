import type { ClientTrace } from "./clients/messages.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import type { Round } from "./round.ts";
import { spreadOf } from "./statistics.ts";

const CLIENT_PARTS: Record<keyof ClientTrace, string> = {
  untilClosed: "until its connection to the old server was closed",
  untilConnected: "until it had a connection again",
  untilReady: "until ioredis took that for ready (HELLO, CLIENT SETINFO, INFO)",
  untilAnswered: "until the command was answered",
};

const TRACED: readonly ContestantName[] = ["cutover", "failover", "sentinel"];

const FLOOR = `What of our pause can't go: six round trips that have to follow one another while writes are held (pause, catch up,
fence, promote, persist, open) with a configuration file that has to reach the disk before anybody is let in, one round
trip to the proxy, and then the client's own: a connection through the proxy, HELLO, INFO and the command. On a machine
that servers, proxy, clients and driver share, each of these steps also waits for a core. SENTINEL FAILOVER's clients
wait for their own steps only, since it holds no writes.`;

/** What a client's own steps take where nobody holds its writes, against the pause that is to be undercut. */
function ownSteps(rounds: readonly Round[]): string[] {
  const unheld = rounds.filter(
    ({ contestant, connections }) => contestant === "sentinel" && connections === 1,
  );
  const wait = spreadOf(unheld.map(({ longestWaitMs }) => longestWaitMs))?.median;
  const pause = spreadOf(unheld.map(({ pauseMs }) => pauseMs ?? undefined))?.median;
  if (wait === undefined || pause === undefined) return [];
  return [
    `A single client of SENTINEL FAILOVER, with its writes held by nobody, waited ${wait.toFixed(1)} ms (median) for its ` +
      `own steps: ${(wait / pause).toFixed(3)} of that pause. \`pauseVsSentinel\` can't get below it, nor ` +
      "`waitVsSentinel` below 1 with one client.",
  ];
}

/** Where the time goes: as clients saw it, and by phase of our cutover. Medians over all rounds. */
export function traceOf(rounds: readonly Round[]): string[] {
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
    "The pause, for the client that wrote first on the new server; medians over all cases, milliseconds:",
    clientTable(rounds, ({ trace }) => trace),
    "The longest wait, for the client that waited so long:",
    clientTable(rounds, ({ waitTrace }) => waitTrace),
    FLOOR,
    ...ownSteps(rounds),
    "Phases of our cutover; writes are held from `hold` until the first third of `switch`:",
    ["| phase | median |", "| --- | ---: |", ...cells].join("\n"),
  ];
}

function clientTable(rounds: readonly Round[], traceIn: (round: Round) => ClientTrace | undefined): string {
  const rows = (Object.keys(CLIENT_PARTS) as (keyof ClientTrace)[]).map((part) => {
    const cells = TRACED.map((name) =>
      median(rounds.filter(({ contestant }) => contestant === name).map((round) => traceIn(round)?.[part])),
    );
    return `| ${CLIENT_PARTS[part]} | ${cells.join(" | ")} |`;
  });
  const head = "| | this project | FAILOVER TO | SENTINEL FAILOVER |";
  return [head, "| --- | ---: | ---: | ---: |", ...rows].join("\n");
}

function median(values: readonly (number | undefined)[]): string {
  return spreadOf(values)?.median.toFixed(1) ?? "–";
}
