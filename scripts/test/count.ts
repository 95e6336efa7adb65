/** Tests, or checks that count as one test each. */
export interface Count {
  passed: number;
  failed: number;
}

/** What is read of vitest's JSON report. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/**
 * Counts a layer's tests. A file that failed without a failed test (it didn't load, or a hook threw) counts as one
 * failure, and so does a run that ended badly with nothing to show for it.
 * @param json vitest's JSON report; undefined where it wrote none
 * @param ok whether vitest ended with success
 */
export function countTests(json: string | undefined, ok: boolean): Count {
  const report = json === undefined ? undefined : (JSON.parse(json) as VitestReport);
  const count = { passed: report?.numPassedTests ?? 0, failed: report?.numFailedTests ?? 0 };
  for (const file of report?.testResults ?? []) {
    const explained = file.assertionResults.some(({ status }) => status === "failed");
    if (file.status === "failed" && !explained) count.failed += 1;
  }
  if (!ok && count.failed === 0) count.failed = 1;
  return count;
}
