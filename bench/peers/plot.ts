import { summarizeCases, type BenchResults, type CaseSummary } from "./benchResults.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import { TITLES } from "./markdown.ts";
import type { Spread } from "./statistics.ts";

const COLOURS: Record<ContestantName, string> = {
  cutover: "#0a7d3c",
  failover: "#2f6fb3",
  sentinel: "#b3622f",
  restart: "#7a7a7a",
};

/** Milliseconds at the edges of the logarithmic scale, a grid line at each power of ten. */
const [LOWEST, HIGHEST] = [1, 100_000];
const [LEFT, WIDTH, ROW, TOP] = [260, 560, 18, 60];

/** Medians as bars, minimum to maximum as lines, on a logarithmic scale. */
export function plotOf(results: BenchResults): string {
  const cases = summarizeCases(results.rounds);
  const panels = [
    panelOf("Write pause, ms", cases, ({ pause }) => pause),
    panelOf("Longest wait of a client, ms", cases, ({ longestWait }) => longestWait),
  ];
  const height = panels.reduce((sum, panel) => sum + panel.height, 20);
  let y = 10;
  const body = panels.map((panel) => {
    const group = `<g transform="translate(0 ${y})">\n${panel.body}\n</g>`;
    y += panel.height;
    return group;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 90}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

function panelOf(
  title: string,
  cases: readonly CaseSummary[],
  figure: (summary: CaseSummary) => Spread | null,
): { height: number; body: string } {
  const rows = cases.map((summary, i) => rowOf(summary, figure(summary), TOP + i * ROW));
  const bottom = TOP + cases.length * ROW;
  const grid: string[] = [];
  for (let at = LOWEST; at <= HIGHEST; at *= 10) {
    grid.push(
      `<line x1="${x(at)}" y1="${TOP - 6}" x2="${x(at)}" y2="${bottom}" stroke="#dddddd"/>`,
      `<text x="${x(at)}" y="${TOP - 12}" text-anchor="middle" fill="#555555">${at}</text>`,
    );
  }
  const heading = `<text x="10" y="20" font-size="15" font-weight="bold">${title}</text>`;
  return { height: bottom + 20, body: [heading, ...grid, ...rows].join("\n") };
}

function rowOf(summary: CaseSummary, value: Spread | null, y: number): string {
  const { gigabytes, connections, load, contestant } = summary;
  const label = `${gigabytes} GB, ${connections} clients, ${load}: ${TITLES[contestant]}`;
  const middle = y + ROW / 2;
  const text = `<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end" font-size="10">${label}</text>`;
  if (value === null) return text;
  const { min, median, max } = value;
  const colour = COLOURS[contestant];
  return [
    text,
    `<rect x="${LEFT}" y="${y + 3}" width="${Math.max(1, x(median) - LEFT)}" height="${ROW - 6}" fill="${colour}"/>`,
    `<line x1="${x(min)}" y1="${middle}" x2="${x(max)}" y2="${middle}" stroke="#000000"/>`,
    `<text x="${Math.max(x(max), LEFT) + 6}" y="${middle + 4}" font-size="10">${median.toFixed(0)}</text>`,
  ].join("\n");
}

/** Where a figure lies; what is beyond the scale lies at its edge. */
function x(ms: number): number {
  const within = Math.min(HIGHEST, Math.max(LOWEST, ms));
  return Math.round(LEFT + (Math.log(within / LOWEST) / Math.log(HIGHEST / LOWEST)) * WIDTH);
}
