import { afterAll, beforeAll, expect, test } from "vitest";
import { CutoverError, cutOver } from "../../components/engine/cutover/cutover.ts";
import type { Deployment } from "../../components/engine/deployment.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { follow } from "../../components/engine/follow.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import { NO_TRAFFIC } from "../../components/engine/traffic.ts";
import { until } from "../../components/engine/until.ts";
import { bearPair, CREDENTIALS, type BornServer } from "../support/bornServer.ts";

let blue: BornServer;
let green: BornServer;

const end = ({ target, admin }: BornServer): Deployment => ({
  target,
  colour: target.colour,
  primary: admin,
});

beforeAll(async () => {
  [blue, green] = await bearPair();
  await follow(end(green), end(blue), CREDENTIALS);
  await until(async () => ((await green.admin.replication()).linkUp ? true : undefined), {
    timeoutMs: 20_000,
    intervalMs: 20,
    what: "green follows",
  });
});

afterAll(async () => {
  await Promise.all([blue.stop(), green.stop()]);
});

test.each(["blue", "green"] as const)(
  "a cutover ends before writes are held where %s can't write its file",
  async (which) => {
    const { container } = which === "blue" ? blue : green;
    await container.exec(["mv", "/data", "/data-moved"]);
    const progress: string[] = [];
    const cutover = cutOver({
      from: end(blue),
      to: end(green),
      traffic: NO_TRAFFIC,
      endpoint: blue.target.primary.operator,
      credentials: CREDENTIALS,
      guardrails: DEFAULT_GUARDRAILS,
      verdict: { kind: "lossless (native)", reason: "", warnings: [] },
      preflight: () => Promise.resolve(""),
      backup: () => Promise.resolve(""),
      progress: (line) => progress.push(line),
    });
    try {
      const error = await cutover.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(CutoverError);
      expect(error).toMatchObject({
        abandoned: true,
        message: expect.stringMatching(/^cutover to green abandoned: .*Rewriting config file/) as string,
      });
      expect((error as CutoverError).result.phases.at(-1)?.name).toBe("arm");
      expect(isOpen(await observeDeployment(end(blue)))).toBe(true);
      expect(await green.admin.replication()).toMatchObject({ role: "replica", linkUp: true });
    } finally {
      await container.exec(["mv", "/data-moved", "/data"]);
    }
  },
);
