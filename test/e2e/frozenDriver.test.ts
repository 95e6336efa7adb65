import { afterAll, beforeAll, describe, expect } from "vitest";
import { COLOURS, type Colour } from "../../components/engine/colour.ts";
import type { PhaseName } from "../../components/engine/cutover/phases.ts";
import { situationOf, type Situation } from "../../components/engine/cutover/serving.ts";
import { observeDeployment } from "../../components/engine/deployment.ts";
import type { DeploymentTarget } from "../../components/engine/deploymentTarget.ts";
import { readGate, type Gate } from "../../components/engine/gate.ts";
import { until } from "../../components/engine/until.ts";
import { ClientsOfStack, expectNowhere } from "../support/clientsOfStack.ts";
import { RunningUpdate } from "../support/runningUpdate.ts";
import { inSteps } from "../support/steps.ts";
import { TestStack } from "../support/testStack.ts";
import { expectEqualData } from "../support/whoServes.ts";

/**
 * How long the driver stands still by itself, in milliseconds: what it prints needs time to get here. From then on it is
 * stopped, for as long as it takes to break something.
 */
const FREEZE_MS = 5_000;

/** For what has to come in the end, however busy the machine is. Milliseconds. */
const PATIENCE_MS = 60_000;

describe("a driver that gets no CPU in the middle of a cutover and then goes on", () => {
  const step = inSteps();
  let stack: TestStack;
  let clients: ClientsOfStack | undefined;
  let stopped: RunningUpdate | undefined;

  beforeAll(async () => {
    stack = await TestStack.create("e2e-frozen", {
      live: "blue",
      blue: { version: "7.0", memory: 128 },
      green: { version: "8.0", memory: 128 },
    });
    await stack.up();
    clients = await ClientsOfStack.start(stack);
    await stack.edit({ live: "green" });
  });

  afterAll(async () => {
    await stopped?.kill();
    await clients?.kill();
    await stack.remove();
  });

  step("before link, and only the command line is killed: it ends, and nothing was moved", async () => {
    const update = await RunningUpdate.before("link", stack, FREEZE_MS);
    await update.orphan();
    await update.unlock();
    await expectBlueAsBefore();
  });

  step("before promote, and green is killed: it opens blue, which it had closed for good", async () => {
    const update = await stoppedBefore("promote");
    await expectNowhere(stack);
    for (const command of ["kill", "start"]) await stack.docker(command, `${stack.deployment}-green-0`);
    await gateOf("green");
    update.resume();
    const { code, output } = await update.result;
    expect(code).not.toBe(0);
    expect(output).toMatch(/cutover to green abandoned: .+\. State: blue serves as before/);
    await expectBlueAsBefore();
  });

  step("before fence, beyond the pause: it sees the writes that came between, and blue serves", async () => {
    const update = await stoppedBefore("fence");
    await clients?.expectServes("blue");
    update.resume();
    const { code, output } = await update.result;
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /cutover to green abandoned: blue took writes after it was held \(offset \d+, held at \d+\): the pause had ended\. State: blue serves as before\. /,
    );
    await expectBlueAsBefore();
  });

  step("a green that stands still when it is to catch up: it gives up in time, and blue serves", async () => {
    const update = await stoppedBefore("catch up");
    await stack.docker("pause", `${stack.deployment}-green-0`);
    update.resume();
    const { code, output } = await update.result;
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /cutover to green abandoned: green reaches offset \d+: not within 1000 ms\. State: blue serves as before, green could not be looked after \(.+\)\. /,
    );
    await clients?.expectServes("blue");
    await stack.docker("unpause", `${stack.deployment}-green-0`);
    await expectBlueAsBefore();
  });

  step("before switch, and blue is killed: blue comes back closed, and the next up finishes", async () => {
    const blue = `${stack.deployment}-blue-0`;
    const update = await stoppedBefore("switch");
    await expectNowhere(stack);
    await stack.docker("kill", "--signal", "KILL", blue);
    await stack.docker("start", blue);
    expect(await gateOf("blue")).toMatchObject({ proxyOn: false, fenced: true });
    // What an update would do if this one died here, though blue has another replication ID and less data now.
    expect(await situation()).toEqual({ kind: "finish", from: "blue", to: "green" });

    update.resume();
    const { code, output } = await update.result;
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /cutover to green is not finished: .+\. blue is closed and green holds every write; run pulumi up again to finish/,
    );
    await clients?.expectServes("green");
    await stack.up();
    await stack.upUnchanged();
    await clients?.expectServes("green");
    expect((await stack.outputs())["rollback"]).toMatch(/^backup only: blue can't continue behind green/);
  });

  step("a way back that was lost is lossless again where the bridge is told to copy everything", async () => {
    const blue = { version: "7.0", memory: 128, reseed: true };
    await stack.edit({ bridge: { use: "always" }, blue });
    await stack.up();
    expect((await stack.outputs())["rollback"]).toMatch(/^lossless \(translated\): /);
    await stack.upUnchanged();
    await clients?.expectServes("green");
    await expectEqualData(stack, "green");
  });

  step("nothing was lost, nothing repeated, no client saw an error, never did both take writes", async () => {
    await clients?.expectUnharmed();
  });

  /** An update whose driver goes on when it is resumed and not before. */
  async function stoppedBefore(phase: PhaseName): Promise<RunningUpdate> {
    stopped = await RunningUpdate.before(phase, stack, FREEZE_MS);
    stopped.stop();
    return stopped;
  }

  /** Of a colour that was just started, as soon as it answers. */
  async function gateOf(colour: Colour): Promise<Gate> {
    const gate = (): Promise<Gate | undefined> => stack.withServer(colour, readGate).catch(() => undefined);
    return until(gate, { timeoutMs: PATIENCE_MS, intervalMs: 50, what: `${colour} answers again` });
  }

  /** Green follows and has all of it, so that the next cutover can begin. */
  async function expectBlueAsBefore(): Promise<void> {
    await clients?.expectServes("blue");
    const following = async (): Promise<true | undefined> =>
      (await stack.withServer("green", (server) => server.replication())).linkUp ? true : undefined;
    await until(following, { timeoutMs: PATIENCE_MS, intervalMs: 50, what: "green follows blue" });
    await expectEqualData(stack, "blue");
  }

  async function situation(): Promise<Situation> {
    const observed = await Promise.all(
      COLOURS.map((colour) =>
        stack.withServer(colour, async (primary) => [
          colour,
          await observeDeployment({ colour, primary, target: targetOf(colour) }),
        ]),
      ),
    );
    return situationOf(Object.fromEntries(observed) as Parameters<typeof situationOf>[0], "green");
  }

  function targetOf(colour: Colour): DeploymentTarget {
    const address = { host: "127.0.0.1", port: stack.ports[colour] };
    return {
      colour,
      product: "redis",
      primary: { operator: address, peer: address },
      replicas: [],
      external: false,
    };
  }
});
