import { stripVTControlCharacters } from "node:util";

/** Tests, or checks that count as one test each. */
export interface Count {
  passed: number;
  failed: number;
  /** What failed: `file › test: first lines of the message`, for the end of a long log. */
  failures: string[];
}

/** What is read of vitest's JSON report. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: string;
    /** Why the file failed, where no test of it did. */
    message?: string;
    assertionResults: { status: string; fullName: string; failureMessages?: string[] | null }[];
  }[];
}

const MESSAGE_LINES = 12;

/**
 * Counts a layer's tests. A file that failed without a failed test (it didn't load, or a hook threw) counts as one
 * failure, and so does a run that ended badly with nothing to show for it.
 * @param json vitest's JSON report; undefined where it wrote none
 * @param ok whether vitest ended with success
 */
export function countTests(json: string | undefined, ok: boolean): Count {
  const report = json === undefined ? undefined : (JSON.parse(json) as VitestReport);
  const count: Count = {
    passed: report?.numPassedTests ?? 0,
    failed: report?.numFailedTests ?? 0,
    failures: [],
  };
  for (const file of report?.testResults ?? []) {
    const failed = file.assertionResults.filter(({ status }) => status === "failed");
    for (const { fullName, failureMessages } of failed)
      count.failures.push(failure(`${file.name} › ${fullName}`, failureMessages?.[0]));
    if (file.status !== "failed" || failed.length > 0) continue;
    count.failed += 1;
    count.failures.push(failure(file.name, file.message));
  }
  if (!ok && count.failed === 0) {
    count.failed = 1;
    count.failures.push("the run ended badly without naming a test");
  }
  return count;
}

function failure(name: string, message = ""): string {
  const lines = stripVTControlCharacters(message).trim().split("\n");
  const more = lines.length > MESSAGE_LINES ? ["…"] : [];
  return [name, ...lines.slice(0, MESSAGE_LINES), ...more].join("\n    ").trimEnd();
}
