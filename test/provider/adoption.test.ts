import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import type { CheckResult } from "../../components/engine/preflight/checkResult.ts";
import { runPreflight } from "../../components/engine/preflight/runPreflight.ts";
import { bearServer, CREDENTIALS, type BornServer } from "../support/bornServer.ts";

describe("an existing server that another one took over from once", () => {
  let blue: BornServer;

  beforeAll(async () => {
    blue = await bearServer("blue", { product: "redis", version: "7.0" });
    await blue.admin.configSet("min-replicas-to-write", 1_000_002);
  });

  afterAll(() => blue.stop());

  async function adoptionChecks(): Promise<CheckResult[]> {
    return runPreflight({
      live: { ...blue.target, external: true },
      standbyDeployed: false,
      cutover: false,
      credentials: CREDENTIALS,
      guardrails: DEFAULT_GUARDRAILS,
      pathPrefix: "config:",
    });
  }

  test("is not adopted before its owner opens it, who is told how", async () => {
    const failed = (await adoptionChecks()).filter(({ outcome }) => outcome === "fail");
    expect(failed).toEqual([
      {
        name: "role of live",
        outcome: "fail",
        figure:
          "blue is master, but fenced: another server took over from it, and it has taken no write since",
        cure: "if what it holds is what clients shall see again, open it by hand (CONFIG SET min-replicas-to-write 2, then CONFIG REWRITE) and preview again; else name the server that took over",
      },
      {
        name: "write test",
        outcome: "fail",
        figure: expect.stringContaining("NOREPLICAS") as string,
        cure: "see what to do under role of live",
      },
    ]);
  });

  test("is adopted when that was done", async () => {
    await blue.admin.configSet("min-replicas-to-write", 0);
    await blue.admin.call("CONFIG", "REWRITE");
    expect((await adoptionChecks()).filter(({ outcome }) => outcome === "fail")).toEqual([]);
  });
});
