import { afterAll, beforeAll, expect, test } from "vitest";
import { CutoverError, cutOver } from "../../components/engine/cutover/cutover.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { follow } from "../../components/engine/follow.ts";
import { until } from "../../components/engine/until.ts";
import { bearPair, CREDENTIALS, cutoverOf, deploymentOf, type BornServer } from "../support/bornServer.ts";

let blue: BornServer;
let green: BornServer;

beforeAll(async () => {
  [blue, green] = await bearPair();
  await follow(deploymentOf(green), deploymentOf(blue), CREDENTIALS);
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
    const cutover = cutOver(cutoverOf(deploymentOf(blue), deploymentOf(green)));
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
      expect(isOpen(await observeDeployment(deploymentOf(blue)))).toBe(true);
      expect(await green.admin.replication()).toMatchObject({ role: "replica", linkUp: true });
    } finally {
      await container.exec(["mv", "/data-moved", "/data"]);
    }
  },
);
