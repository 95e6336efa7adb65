import type { UpdateReport } from "../../engine/report/updateReport.ts";
import { writeReport } from "../../engine/report/writeReport.ts";
import { inProjectFolder } from "./projectFolder.ts";

/** @returns the JSON file; its Markdown twin stands beside it */
export async function saveReport(directory: string, report: UpdateReport): Promise<string> {
  return (await writeReport(inProjectFolder(directory), report)).json;
}
