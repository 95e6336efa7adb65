import { formatVersion } from "../serverVersion.ts";
import type { ReportedBake, ReportedColour, UpdateReport } from "./updateReport.ts";

const OUTCOMES: Record<UpdateReport["outcome"], string> = {
  done: "done",
  abandoned: "abandoned: the old colour serves as before",
  unfinished: "unfinished: the next `pulumi up` finishes it",
};

const BAKES: Record<ReportedBake["verdict"], string> = {
  passed: "passed",
  breached: "a limit was passed in three looks in a row: the update goes back to the old colour",
  inconclusive: "inconclusive: the new colour stays, too little was seen to judge it",
};

/** The report for people: what happened first, then the figures, then the phases. */
export function reportMarkdown(report: UpdateReport): string {
  const sections = [`# ${titleOf(report)}`, outcomeOf(report), table(["", ""], figuresOf(report))];
  if (report.bake === undefined) sections.push("## Phases", phaseTable(report));
  else sections.push("## Figures", bakeTable(report.bake));
  const warnings = report.verdict?.warnings ?? [];
  if (warnings.length > 0) {
    sections.push("## What would end the way back", warnings.map((w) => `- ${inline(w)}`).join("\n"));
  }
  return `${sections.join("\n\n")}\n`;
}

function titleOf({ name, kind, from, to }: UpdateReport): string {
  if (kind === "bake") return `${inline(name)}: bake of ${described(to)}`;
  if (kind === "retire") return `${inline(name)}: ${described(from)} retired`;
  return `${inline(name)}: ${kind} from ${described(from)} to ${described(to)}`;
}

function outcomeOf(report: UpdateReport): string {
  const outcome = `**${report.bake === undefined ? OUTCOMES[report.outcome] : BAKES[report.bake.verdict]}**`;
  return report.error === undefined ? outcome : `${outcome}\n\n${inline(report.error)}`;
}

/** Only what is known: an abandoned update has few figures. */
function figuresOf(report: UpdateReport): string[][] {
  const took = Date.parse(report.finishedAt) - Date.parse(report.startedAt);
  const { verdict } = report;
  const figures: [string, string | undefined][] = [
    ["started", report.startedAt],
    ["finished", `${report.finishedAt} (${(took / 1000).toFixed(1)} s)`],
    ["serves now", report.outcome === "abandoned" ? described(report.from) : described(report.to)],
    [
      "write pause",
      report.writePauseMs === undefined ? undefined : `${milliseconds(report.writePauseMs)} ms`,
    ],
    ["offset", report.offset?.toString()],
    ["keys compared", report.keysCompared?.toString()],
    ["keys different", report.keysDifferent?.toString()],
    ["client connections moved", report.connectionsMoved?.toString()],
    ["rollback", verdict && `${verdict.kind}: ${verdict.reason}`],
    ["backup", report.backup],
    ["looks", report.bake && `${report.bake.looks}, ${report.bake.failed} failed`],
  ];
  return figures.filter((row): row is [string, string] => row[1] !== undefined);
}

function phaseTable({ phases }: UpdateReport): string {
  return table(
    ["phase", "ms", "detail"],
    phases.map(({ name, durationMs, detail }) => [name, milliseconds(durationMs), detail ?? ""]),
  );
}

function bakeTable({ figures }: ReportedBake): string {
  const shown = (value: number | undefined): string =>
    value !== undefined && Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "unknown";
  return table(
    ["figure", "before the cutover", "median", "worst", "limit"],
    figures.map(({ name, before, median, worst, limit, allowed }) => [
      name,
      shown(before),
      shown(median),
      shown(worst),
      `${limit} ${allowed}`,
    ]),
  );
}

function described({ colour, version }: ReportedColour): string {
  return `${colour} (${formatVersion(version)})`;
}

function milliseconds(duration: number): string {
  return duration < 100 ? duration.toFixed(1) : duration.toFixed(0);
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map(inline).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** One line that neither ends a table's cell nor becomes HTML. */
function inline(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;").trim();
}
