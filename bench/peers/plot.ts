import { caseKey, summarizeCases, type BenchResults, type CaseSummary } from "./benchResults.ts";
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
const [LEFT, WIDTH, RIGHT] = [270, 520, 120];
const [TOP, ROW, GAP] = [60, 16, 10];

type FigureOf = (summary: CaseSummary) => Spread | null;

/** Medians as bars, minimum to maximum as lines, on a logarithmic scale; one group of bars for each case. */
export function plotOf(results: BenchResults): string {
  const cases = [...Map.groupBy(summarizeCases(results.rounds), caseKey).values()];
  const panels = [
    panelOf("Write pause", cases, ({ pause }) => pause),
    panelOf("Longest wait of a client", cases, ({ longestWait }) => longestWait),
  ];
  const height = panels.reduce((sum, panel) => sum + panel.height, 20);
  let y = 10;
  const body = panels.map((panel) => {
    const group = `<g transform="translate(0 ${y})">\n${panel.body}\n</g>`;
    y += panel.height;
    return group;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + RIGHT}" height="${height}" font-family="sans-serif" font-size="10">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

function panelOf(
  title: string,
  cases: readonly (readonly CaseSummary[])[],
  figure: FigureOf,
): { height: number; body: string } {
  let y = TOP;
  const groups = cases.map((summaries) => {
    const group = groupOf(summaries, figure, y);
    y += summaries.length * ROW + GAP;
    return group;
  });
  const heading =
    `<text x="10" y="20" font-size="15" font-weight="bold">${title}</text>` +
    text(LEFT, 20, "milliseconds, logarithmic; bar: median, line: minimum to maximum", 'fill="#555555"');
  return { height: y + 20, body: [heading, ...gridTo(y), ...groups].join("\n") };
}

function gridTo(bottom: number): string[] {
  const lines: string[] = [];
  for (let at = LOWEST; at <= HIGHEST; at *= 10) {
    lines.push(
      `<line x1="${x(at)}" y1="${TOP - 6}" x2="${x(at)}" y2="${bottom}" stroke="#dddddd"/>`,
      text(x(at), TOP - 12, at.toLocaleString("en"), 'text-anchor="middle" fill="#555555"'),
    );
  }
  return lines;
}

function groupOf(summaries: readonly CaseSummary[], figure: FigureOf, y: number): string {
  const [first] = summaries;
  if (first === undefined) return "";
  const { gigabytes, connections, load } = first;
  const clients = `${connections.toLocaleString("en")} client${connections === 1 ? "" : "s"}`;
  return [
    text(10, y + 12, `${gigabytes} GB, ${clients}, ${load}`, 'font-weight="bold"'),
    ...summaries.map((summary, i) => rowOf(summary, figure(summary), y + i * ROW)),
  ].join("\n");
}

function rowOf({ contestant, total: { lost } }: CaseSummary, value: Spread | null, y: number): string {
  const middle = y + ROW / 2;
  const label = text(LEFT - 8, middle + 4, TITLES[contestant], 'text-anchor="end"');
  if (value === null) return `${label}\n${text(LEFT + 6, middle + 4, "could not be told")}`;
  const { min, median, max } = value;
  const told = `${median.toFixed(median < 100 ? 1 : 0)}${lost === 0 ? "" : `, ${lost} writes lost`}`;
  return [
    label,
    `<rect x="${LEFT}" y="${y + 2}" width="${Math.max(1, x(median) - LEFT)}" height="${ROW - 4}" fill="${COLOURS[contestant]}"/>`,
    `<line x1="${x(min)}" y1="${middle}" x2="${x(max)}" y2="${middle}" stroke="#000000"/>`,
    text(x(max) + 6, middle + 4, told),
  ].join("\n");
}

function text(left: number, y: number, content: string, attributes = ""): string {
  return `<text x="${left}" y="${y}" ${attributes}>${content}</text>`;
}

/** Where a figure lies; what is beyond the scale lies at its edge. */
function x(ms: number): number {
  const within = Math.min(HIGHEST, Math.max(LOWEST, ms));
  return Math.round(LEFT + (Math.log(within / LOWEST) / Math.log(HIGHEST / LOWEST)) * WIDTH);
}
