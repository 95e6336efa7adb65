import { PHASES } from "../../components/engine/cutover/phases.ts";
import { isWatched, type CaseResult } from "./caseResult.ts";
import { nameOf } from "./cases.ts";
import { FAULT_NAMES } from "./faultName.ts";

const HEADER = [
  "fault",
  "before",
  "direction",
  "outcome",
  "ups",
  "unavailable",
  "errors",
  "lost",
  "repeated",
  "writers",
  "way back",
];

/** One line on a case, as soon as it is over. */
export function progressLine(result: CaseResult, number: number, seconds: number): string {
  const { outcome, ups, unavailableMs, writes, failedCalls, lost, repeated, writers, stuck, converged } =
    result;
  const bad = [
    ...(stuck ? ["STUCK"] : []),
    ...(converged ? [] : ["NOT CONVERGED"]),
    ...(isWatched(result) ? [] : ["NOT WATCHED"]),
  ].join(" ");
  return (
    `${number} ${nameOf(result.case)}: ${outcome}, ${ups} up, unavailable ${Math.round(unavailableMs)} ms, ` +
    `${writes} writes, ${failedCalls} errors, ${lost} lost, ${repeated} repeated, ${writers} writers, way back ${wayBackOf(result)}, ${seconds.toFixed(0)} s ${bad}`
  ).trimEnd();
}

/** All cases as a Markdown table, by fault and phase, and the sentences that were shown below it. */
export function table(results: readonly CaseResult[]): string {
  const place = ({ case: { fault, phase } }: CaseResult): number =>
    FAULT_NAMES.indexOf(fault) * PHASES.length + PHASES.indexOf(phase);
  const sentences: string[] = [];
  const rows = results.toSorted((a, b) => place(a) - place(b)).map((result) => row(result, sentences));
  const widths = HEADER.map((title, i) =>
    Math.max(title.length, ...rows.map((cells) => cells[i]?.length ?? 0)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  const notes = sentences.map((sentence, i) => `[${i + 1}] ${sentence}`);
  return [line(HEADER), line(rule), ...rows.map(line), ...(notes.length > 0 ? ["", ...notes] : [])].join(
    "\n",
  );
}

function row(result: CaseResult, sentences: string[]): string[] {
  const {
    case: one,
    outcome,
    sentence,
    ups,
    unavailableMs,
    failedCalls,
    lost,
    repeated,
    writers,
    stuck,
    converged,
  } = result;
  const shown =
    sentence !== undefined && (outcome === "needs operator" || !converged || outcome === "not run");
  const state = stuck
    ? ", stuck"
    : converged
      ? isWatched(result)
        ? ""
        : ", not watched"
      : ", not converged";
  return [
    one.fault,
    one.phase,
    one.direction,
    `${outcome}${state}${shown ? ` [${note(sentence, sentences)}]` : ""}`,
    String(ups),
    `${Math.round(unavailableMs)} ms`,
    String(failedCalls),
    String(lost),
    String(repeated),
    String(writers),
    wayBackOf(result),
  ];
}

/** Its kind, without the reason. */
function wayBackOf({ wayBack }: CaseResult): string {
  return wayBack?.split(":")[0] ?? "?";
}

function note(sentence: string, sentences: string[]): number {
  if (!sentences.includes(sentence)) sentences.push(sentence);
  return sentences.indexOf(sentence) + 1;
}
