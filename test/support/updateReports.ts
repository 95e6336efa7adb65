import { readFile } from "node:fs/promises";
import type { UpdateReport } from "../../components/engine/report/updateReport.ts";
import type { TestStack } from "./testStack.ts";

/** A report as it was written, and its Markdown twin. */
export interface WrittenUpdate {
  report: UpdateReport;
  markdown: string;
}

/** The report that the stack's output names. */
export async function lastUpdate(stack: TestStack): Promise<WrittenUpdate> {
  const file = (await stack.outputs())["report"] ?? "";
  return {
    report: JSON.parse(await readFile(file, "utf8")) as UpdateReport,
    markdown: await readFile(file.replace(/\.json$/, ".md"), "utf8"),
  };
}
