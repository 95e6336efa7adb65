import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { reportMarkdown } from "../../components/engine/report/reportMarkdown.ts";
import type { UpdateReport } from "../../components/engine/report/updateReport.ts";
import { writeReport } from "../../components/engine/report/writeReport.ts";

const report: UpdateReport = {
  schemaVersion: 1,
  name: "shop",
  kind: "cutover",
  from: { colour: "blue", version: { product: "redis", version: "7.0.15" } },
  to: { colour: "green", version: { product: "valkey", version: "8.1.1" } },
  startedAt: "2026-01-31T23:59:58.123Z",
  finishedAt: "2026-01-31T23:59:59.623Z",
  outcome: "done",
  phases: [
    { name: "hold", durationMs: 1.234, detail: "a | b\nnext" },
    { name: "verify", durationMs: 812.6 },
  ],
  writePauseMs: 3.21,
  offset: 500,
  keysCompared: 1_000,
  keysDifferent: 0,
  verdict: { kind: "lossless (native)", reason: "7.0 applies what 8.1 sends", warnings: ["RESTORE ends it"] },
  connectionsMoved: 8,
  backup: "backups/shop.rdb",
};

const abandoned: UpdateReport = {
  schemaVersion: 1,
  name: "shop",
  kind: "rollback",
  from: report.to,
  to: report.from,
  startedAt: report.startedAt,
  finishedAt: report.finishedAt,
  outcome: "abandoned",
  phases: [],
  error: "blue lags by 5 MB; wait until it has caught up",
};

describe("the report for people", () => {
  it("has every figure", () => {
    expect(reportMarkdown(report)).toBe(
      [
        "# shop: cutover from blue (Redis 7.0.15) to green (Valkey 8.1.1)",
        "",
        "**done**",
        "",
        "|  |  |",
        "| --- | --- |",
        "| started | 2026-01-31T23:59:58.123Z |",
        "| finished | 2026-01-31T23:59:59.623Z (1.5 s) |",
        "| serves now | green (Valkey 8.1.1) |",
        "| write pause | 3.2 ms |",
        "| offset | 500 |",
        "| keys compared | 1000 |",
        "| keys different | 0 |",
        "| client connections moved | 8 |",
        "| rollback | lossless (native): 7.0 applies what 8.1 sends |",
        "| backup | backups/shop.rdb |",
        "",
        "## Phases",
        "",
        "| phase | ms | detail |",
        "| --- | --- | --- |",
        "| hold | 1.2 | a \\| b next |",
        "| verify | 813 |  |",
        "",
        "## What would end the way back",
        "",
        "- RESTORE ends it",
        "",
      ].join("\n"),
    );
  });

  it("says why nothing changed, and who serves", () => {
    const text = reportMarkdown(abandoned);
    expect(text).toContain("**abandoned: the old colour serves as before**\n\nblue lags by 5 MB");
    expect(text).toContain("| serves now | green (Valkey 8.1.1) |");
    expect(text).not.toMatch(/undefined|NaN/);
  });

  it("tells what a bake saw, beside the limits", () => {
    const figures = [
      {
        name: "latency p99 in ms",
        before: 0.75,
        median: 1.2345,
        worst: 812.4,
        limit: "maxP99Ms",
        allowed: 500,
      },
      {
        name: "lag of the old colour in bytes",
        median: 0,
        worst: Infinity,
        limit: "maxLagBytes",
        allowed: 9,
      },
    ];
    const bake = { verdict: "breached", looks: 12, failed: 1, figures } as const;
    const text = reportMarkdown({ ...report, kind: "bake", phases: [], bake });
    expect(text).toContain(
      "# shop: bake of green (Valkey 8.1.1)\n\n**a limit was passed in three looks in a row",
    );
    expect(text).toContain("| looks | 12, 1 failed |");
    expect(text).toContain("| latency p99 in ms | 0.75 | 1.23 | 812 | maxP99Ms 500 |");
    expect(text).toContain("| lag of the old colour in bytes | unknown | 0 | unknown | maxLagBytes 9 |");
    expect(text).not.toContain("## Phases");
  });

  it("names a retirement by what was retired", () => {
    expect(reportMarkdown({ ...report, kind: "retire" })).toContain("# shop: blue (Redis 7.0.15) retired\n");
  });
});

it("a report is written twice, for programs and for people, and again under the same names", async () => {
  const root = await mkdtemp(join(tmpdir(), "report-test-"));
  try {
    const directory = join(root, "reports", "dev");
    const written = await writeReport(directory, report);
    expect(await writeReport(directory, report)).toEqual(written);
    await writeReport(directory, abandoned);
    expect((await readdir(directory)).sort()).toEqual([
      "20260131T235958123Z-cutover.json",
      "20260131T235958123Z-cutover.md",
      "20260131T235958123Z-rollback.json",
      "20260131T235958123Z-rollback.md",
    ]);
    expect(JSON.parse(await readFile(written.json, "utf8"))).toEqual(report);
    expect(await readFile(written.markdown, "utf8")).toBe(reportMarkdown(report));
    expect((await stat(written.json)).mode & 0o777).toBe(0o600);
  } finally {
    await rm(root, { recursive: true });
  }
});
