import { afterAll, beforeAll, describe, expect } from "vitest";
import { otherColour, type Colour } from "../../components/engine/colour.ts";
import type { PhaseName } from "../../components/engine/cutover/phases.ts";
import { readGate } from "../../components/engine/gate.ts";
import { keyCount } from "../../components/engine/keyspace.ts";
import { until } from "../../components/engine/until.ts";
import { backlogWouldEnd } from "../support/backlog.ts";
import { ClientsOfStack, expectNowhere } from "../support/clientsOfStack.ts";
import { PATIENT } from "../support/patientBake.ts";
import { RunningUpdate } from "../support/runningUpdate.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { expectEqualData } from "../support/whoServes.ts";

/** A kill before a phase, and who serves from then on until `pulumi up` runs again. */
interface Kill {
  phase: PhaseName;
  serves: "old" | "new" | "nobody";
}

/** In turns towards green and back to blue, so that both directions are covered and each case is the next one's reset. */
const KILLS: Kill[] = [
  { phase: "hold", serves: "old" },
  { phase: "catch up", serves: "old" },
  { phase: "fence", serves: "old" },
  { phase: "switch", serves: "nobody" },
  { phase: "release", serves: "new" },
  { phase: "promote", serves: "nobody" },
  { phase: "verify", serves: "new" },
  { phase: "rollback link", serves: "new" },
  { phase: "switch", serves: "nobody" },
];

/** An hour by default: whoever comes back later finds no backlog and another replication ID. Seconds. */
const BACKLOG_TTL = 1;

describe("pulumi up killed in the middle of a cutover", () => {
  const step = inSteps();
  let stack: TestStack;
  let clients: ClientsOfStack | undefined;

  beforeAll(async () => {
    const redis = { "repl-backlog-ttl": BACKLOG_TTL };
    stack = await TestStack.create("e2e-kill", {
      live: "blue",
      blue: { version: "7.0", memory: 128, redis },
      green: { version: "8.0", memory: 128, redis },
    });
    await stack.up();
    clients = await ClientsOfStack.start(stack);
  });

  afterAll(async () => {
    await clients?.kill();
    await stack.remove();
  });

  KILLS.forEach(({ phase, serves }, i) => {
    const to: Colour = i % 2 === 0 ? "green" : "blue";
    const from = otherColour(to);
    step(`before ${phase} on the way to ${to}: ${serves} serves, and the next up converges`, async () => {
      await stack.edit({ live: to });
      const update = await RunningUpdate.before(phase, stack);
      expect(await update.kill()).toContain("pulumi");
      if (serves === "nobody") await expectNobodyServes();
      else await clients?.expectServes(serves === "old" ? from : to);

      if (phase === "switch") await keysExpire();
      if (serves !== "old") await stack.withServer(to, (server) => backlogWouldEnd(server, BACKLOG_TTL));
      await update.unlock();
      await stack.up();
      await clients?.expectServes(to);
      await stack.mustPulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
      await expectEqualData(stack, to);
      expect((await stack.outputs())["rollback"]).toMatch(/^lossless \(native\): /);
    });
  });

  step("before release of a cutover that is baked: the next up links both colours and bakes", async () => {
    await stack.edit({ live: "blue", bake: { ...PATIENT, seconds: 3 } });
    const update = await RunningUpdate.before("release", stack);
    await update.kill();
    await update.unlock();
    const output = await stack.up();
    expect(output).toContain("bake: the update in which blue became live was cut off; its bake begins again");
    expect(output).toContain("bake: passed, 3 looks at blue");
    await clients?.expectServes("blue");
    await stack.mustPulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
  });

  step("in a bake: the next up begins it again, and goes back where a limit is passed", async () => {
    await stack.edit({ live: "green", bake: { ...PATIENT, seconds: 60 } });
    const update = await RunningUpdate.at("bake: green is watched for 60 s", stack);
    await update.kill();
    await clients?.expectServes("green");
    await update.unlock();
    await stack.edit({ bake: { seconds: 60, maxP99Ms: 0 } });
    expect(await stack.preview()).toContain("watch green for 60 s; where a limit of the bake is passed");
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain("green became live was cut off; its bake begins again");
    expect(output).toContain("blue is live again, with every write that green took");
    await clients?.expectServes("blue");
    await stack.edit({ live: "blue", bake: { seconds: 0 } });
    await stack.up();
    await expectEqualData(stack, "blue");
  });

  step("nothing was lost, nothing repeated, no client saw an error, never did both take writes", async () => {
    await clients?.expectUnharmed();
  });

  /** Neither is open, and the proxy has ended the sessions, so that no client is told so. */
  async function expectNobodyServes(): Promise<void> {
    for (const colour of ["blue", "green"] as const) {
      expect(await stack.withServer(colour, readGate)).toMatchObject({ proxyOn: false });
    }
    await expectNowhere(stack);
  }

  /** Keys run out on the new colour while nobody can write: what it deletes by itself must not confuse the next update. */
  async function keysExpire(): Promise<void> {
    const green = await stack.server("green");
    const blue = await stack.server("blue");
    const count = async (): Promise<number> =>
      keyCount(await blue.keyspace()) + keyCount(await green.keyspace());
    try {
      const before = await count();
      await until(async () => ((await count()) < before ? true : undefined), {
        timeoutMs: 60_000,
        intervalMs: 50,
        what: "keys expire",
      });
    } finally {
      blue.close();
      green.close();
    }
  }
});
