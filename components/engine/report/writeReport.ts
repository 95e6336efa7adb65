import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileTimestamp, writePrivately } from "../privateFile.ts";
import { reportMarkdown } from "./reportMarkdown.ts";
import type { UpdateReport } from "./updateReport.ts";

/** Where a report was written, as absolute paths. */
export interface WrittenReport {
  json: string;
  markdown: string;
}

/**
 * Writes `<directory>/<UTC timestamp>-<kind>.json` and the same as `.md`; the timestamp is the update's start, so
 * that writing one update's report again replaces it.
 */
export async function writeReport(directory: string, report: UpdateReport): Promise<WrittenReport> {
  const folder = resolve(directory);
  await mkdir(folder, { recursive: true });
  const stem = join(folder, `${fileTimestamp(new Date(report.startedAt))}-${report.kind}`);
  const written: WrittenReport = { json: `${stem}.json`, markdown: `${stem}.md` };
  await writePrivately(written.json, `${JSON.stringify(report, null, 2)}\n`);
  await writePrivately(written.markdown, reportMarkdown(report));
  return written;
}
