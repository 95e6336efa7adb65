import { summarizeCases, type BenchResults, type CaseSummary } from "./benchResults.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import { isReached, lastLineOf, silenceVsSentinel, TARGETS, type LastLine } from "./lastLine.ts";
import type { Spread } from "./statistics.ts";
import { traceOf } from "./trace.ts";

/** What contestants are called where people read. */
export const TITLES: Record<ContestantName, string> = {
  cutover: "this project",
  failover: "FAILOVER TO",
  sentinel: "SENTINEL FAILOVER",
  restart: "stop and restart",
};

const METHOD = `How it is measured: one pair of servers for each size of data (strings of 1 KB), used in turn by all contestants of a run
(stop and restart had runs of its own for some cases: see Runs); after each round blue (the old version) is made live
again and green follows it. Clients are ioredis with the options that the README recommends. One connection writes one
write after the other from a process of its own; the others share a second process, under load with 2,000 operations a
second over all of them, idle with none. FAILOVER's clients go through the same HAProxy with the same checks, except that
one failed check instead of three is enough there to leave a server. Sentinel's clients listen to all three Sentinels
(\`failoverDetector\`). Scheduled saves are off on the shared pair. Our cutovers leave out the backup that an update takes
before it holds writes, unless \`--backup\` was given: peers take none. Servers, proxy, clients and driver share the cores.

All figures are minimum / median / maximum of the rounds, times in milliseconds.

- **Pause**: from the last write that the old server acknowledged, and that was there at the end, to the first one that the
  new server acknowledged; to any client.
- **Own**: the pause by the contestant's account: here from the pause on the old server until the new one accepts
  writes, FAILOVER from the command to its end, restart from stop to start.
- **Wait**: the longest that any operation of any client took.`;

/** The report that people read; @param plot the name of the picture beside it */
export function markdownOf(results: BenchResults, plot: string): string {
  const { machine } = results;
  const servers = Object.values(machine.servers).join(" → ");
  return [
    `# Benchmark against peers${results.quick ? ", quick" : ""}`,
    `${datesOf(results)}; ${servers}; ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB; ` +
      `Node ${machine.node}, Docker ${machine.docker}.`,
    ...loadSentence(results),
    `![write pause and longest wait](${plot})`,
    targetsTable(lastLineOf(results)),
    ...sentinelSentence(results, silenceVsSentinel(results)),
    "## Cases",
    casesTable(summarizeCases(results.rounds)),
    METHOD,
    ...traceOf(results.rounds),
    ...noOpTable(results),
    ...(results.notes.length === 0
      ? []
      : ["## Left out or failed", list(results.notes.map(({ part, text }) => `${part}: ${text}`))]),
    "## Runs",
    runsTable(results),
    "",
  ].join("\n\n");
}

/** Its silence alone would make the one look best that drops what it acknowledged. */
function sentinelSentence({ rounds: all }: BenchResults, silence: number | null): string[] {
  const rounds = all.filter(({ contestant }) => contestant === "sentinel");
  if (rounds.length === 0) return [];
  const lost = rounds.reduce((sum, round) => sum + round.lost, 0);
  const losing = rounds.filter((round) => round.lost > 0).length;
  const fromLastAcknowledgement =
    silence === null
      ? "From its last acknowledgement there is none: both servers acknowledged writes at once."
      : `Counted from its last acknowledgement, \`pauseVsSentinel\` would be ${figure(silence)}.`;
  return [
    `SENTINEL FAILOVER holds no writes. Its old primary goes on acknowledging them after the new one was promoted, and ` +
      `drops them: ${lost} in ${losing} of ${rounds.length} rounds. So its pause is counted from the last write that was ` +
      `not lost. ${fromLastAcknowledgement}`,
  ];
}

function targetsTable(line: LastLine): string {
  const rows = (Object.keys(TARGETS) as (keyof LastLine)[]).map((name) => {
    const { value, atLeast } = TARGETS[name];
    const reached = isReached(name, line[name]);
    const verdict = reached === undefined ? "not measured" : reached ? "reached" : "**missed**";
    return `| \`${name}\` | ${figure(line[name])} | ${atLeast === true ? "≥" : "≤"} ${value} | ${verdict} |`;
  });
  return ["| | measured | target | |", "| --- | ---: | ---: | --- |", ...rows].join("\n");
}

function casesTable(cases: readonly CaseSummary[]): string {
  const rows = cases.map((c) =>
    [
      `| ${c.gigabytes} | ${c.connections} | ${c.load} | ${TITLES[c.contestant]} | ${c.rounds}`,
      spread(c.pause),
      spread(c.ownPause),
      spread(c.longestWait),
      counts(c.errors),
      counts(c.lost),
      `${c.total.repeated} |`,
    ].join(" | "),
  );
  return [
    "| GB | clients | | | rounds | pause | own | wait | errors | lost | repeated |",
    "| ---: | ---: | --- | --- | ---: | --- | --- | --- | --- | --- | ---: |",
    ...rows,
  ].join("\n");
}

function noOpTable({ noOp }: BenchResults): string[] {
  if (noOp === null) return [];
  const row = (title: string, { preview, up }: typeof noOp.withUs): string =>
    `| ${title} | ${spread(preview)} | ${spread(up)} |`;
  return [
    "## Where nothing is to be done",
    [
      "| | preview | up |",
      "| --- | --- | --- |",
      row("this project", noOp.withUs),
      row("the same containers without its dynamic resources", noOp.withoutUs),
    ].join("\n"),
  ];
}

function datesOf({ runs }: BenchResults): string {
  const dates = [...new Set(runs.map(({ date }) => date.slice(0, 10)))].sort().join(", ");
  return runs.length === 1 ? dates : `${dates}, ${runs.length} runs`;
}

/** A benchmark that shares its cores with other work shows that work as well. */
function loadSentence({ runs, machine }: BenchResults): string[] {
  const most = Math.max(0, ...runs.map(({ loadAverage }) => loadAverage));
  if (most < machine.cores) return [];
  return [
    `The machine was busy with other work: its load average at the start was up to ${most.toFixed(1)}, with ` +
      `${machine.cores} cores.`,
  ];
}

/** Which cases were measured together. */
function runsTable({ runs }: BenchResults): string {
  const rows = runs.map(({ date, options, loadAverage }) => {
    const started = date.slice(0, 16).replace("T", " ");
    return `| ${started} | ${loadAverage.toFixed(2)} | \`${options}\` |`;
  });
  return ["| started (UTC) | load average | options |", "| --- | ---: | --- |", ...rows].join("\n");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item.replaceAll("\n", " ")}`).join("\n");
}

function spread(value: Spread | null): string {
  if (value === null) return "–";
  return [value.min, value.median, value.max].map((ms) => ms.toFixed(ms < 100 ? 1 : 0)).join(" / ");
}

function counts(value: Spread | null): string {
  if (value === null) return "–";
  return value.max === 0 ? "0" : [value.min, value.median, value.max].map((n) => n.toFixed(0)).join(" / ");
}

function figure(value: number | null): string {
  return value === null ? "–" : String(Number(value.toPrecision(3)));
}
