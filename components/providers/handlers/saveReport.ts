import { messageOf } from "../../engine/messageOf.ts";
import type { UpdateReport } from "../../engine/report/updateReport.ts";
import { writeReport } from "../../engine/report/writeReport.ts";
import { inProjectFolder } from "./projectFolder.ts";
import { say } from "./say.ts";

/**
 * Writes a report and says where it is. What it tells of has been done by then, and often something depends on what is done
 * next: one that can't be written is said to be missing, and nothing else.
 * @returns the JSON file, beside which its Markdown twin stands; undefined where it could not be written
 */
export async function saveReport(directory: string, report: UpdateReport): Promise<string | undefined> {
  try {
    const { json } = await writeReport(inProjectFolder(directory), report);
    say(`report: ${json}`);
    return json;
  } catch (error) {
    say(
      `report: could not be written (${messageOf(error)}). Nothing else depends on it; for the next one, make room in ${directory} or let this user write there`,
    );
    return undefined;
  }
}
