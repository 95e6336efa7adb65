import { afterAll, beforeAll, expect, test } from "vitest";
import { CutoverError, cutOver } from "../../components/engine/cutover/cutover.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { bearPair, cutoverOf, deploymentOf, followUntilUp, type BornServer } from "../support/bornServer.ts";

let blue: BornServer;
let green: BornServer;

beforeAll(async () => {
  [blue, green] = await bearPair();
  await followUntilUp(green, blue);
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
