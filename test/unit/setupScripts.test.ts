import { expect, test } from "vitest";
import { compiledExports } from "../../scripts/pack/exports.ts";
import { countTests } from "../../scripts/test/count.ts";

const report = (passed: number, failed: number, ...files: [string, string[]][]): string =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    testResults: files.map(([status, tests], at) => ({
      name: `${at}.test.ts`,
      status,
      message: "didn't load",
      assertionResults: tests.map((one) => ({
        status: one,
        fullName: `was ${one}`,
        failureMessages: one === "failed" ? ["\u001b[31mexpected\u001b[39m\nat line 1"] : [],
      })),
    })),
  });

test("tests are counted as vitest counts them", () => {
  const json = report(3, 1, ["passed", ["passed", "passed"]], ["failed", ["passed", "failed"]]);
  expect(countTests(json, false)).toEqual({
    passed: 3,
    failed: 1,
    failures: ["1.test.ts › was failed\n    expected\n    at line 1"],
  });
});

test("a file that failed without a failed test is a failure", () => {
  const json = report(1, 0, ["passed", ["passed"]], ["failed", []], ["failed", ["skipped"]]);
  expect(countTests(json, false)).toEqual({
    passed: 1,
    failed: 2,
    failures: ["1.test.ts\n    didn't load", "2.test.ts\n    didn't load"],
  });
});

test("a run that ended badly is never a success", () => {
  expect(countTests(undefined, false)).toEqual({
    passed: 0,
    failed: 1,
    failures: ["the run ended badly without naming a test"],
  });
  expect(countTests(report(5, 0, ["passed", ["passed"]]), false)).toMatchObject({
    passed: 5,
    failed: 1,
  });
});

test("a packed manifest exports what components/ compiles to, and is otherwise the same", () => {
  const manifest = { name: "x", exports: { ".": "./components/index.ts", "./a": "./components/a/index.ts" } };
  expect(compiledExports(manifest)).toEqual({
    name: "x",
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./a": { types: "./dist/a/index.d.ts", default: "./dist/a/index.js" },
    },
  });
  expect(() => compiledExports({ exports: { ".": "./stacks/index.ts" } })).toThrow("stacks/index.ts");
});
