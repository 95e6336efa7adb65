import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { abandonCutover } from "../../components/engine/cutover/abandon.ts";
import { settle } from "../../components/engine/cutover/settle.ts";
import { situationOf } from "../../components/engine/cutover/serving.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { keepClosed } from "../../components/engine/follow.ts";
import { promoteCommands, readGate, type Handover } from "../../components/engine/gate.ts";
import { holdForGood, pausesWritesOnly, pauseWrites } from "../../components/engine/pause.ts";
import { setRaised } from "../../components/engine/selfDescribing.ts";
import { NO_TRAFFIC } from "../../components/engine/traffic.ts";
import {
  bearServer,
  CREDENTIALS,
  cutoverOf,
  deploymentOf,
  followUntilUp,
  openToClients,
  type BornServer,
} from "../support/bornServer.ts";

// Before 6.2 a colour is fenced in the transaction that holds it, from then on it is held without a fence.
describe.each(["7.0", "6.0"])("a Redis %s that another update has left behind", (version) => {
  let blue: BornServer;
  let green: BornServer;

  beforeEach(async () => {
    [blue, green] = await Promise.all([
      bearServer("blue", { product: "redis", version }),
      bearServer("green", { product: "redis", version: "8.0" }),
    ]);
    await openToClients(blue);
    // As in a cutover: a PING that green does not get any more would put blue ahead of it.
    await setRaised(blue.admin, "repl-ping-replica-period", true);
    await followUntilUp(green, blue);
  });

  afterEach(async () => {
    await Promise.all([blue.stop(), green.stop().catch(() => undefined)]);
  });

  /** As far as a cutover comes that is stopped before its note reaches blue. */
  async function promoteGreen(): Promise<Handover | undefined> {
    let handover: Handover | undefined;
    if (pausesWritesOnly(version)) {
      handover = await holdForGood(blue.admin);
    } else {
      const persist = await blue.admin.configRewriteCommands();
      const gate = await readGate(blue.admin);
      await pauseWrites(blue.admin, { version, gate, durationMs: 1_000, persist });
    }
    await green.admin.transaction(...promoteCommands(await readGate(green.admin)));
    return handover;
  }

  /** As the next update does, before it has anybody follow. */
  async function finish(): Promise<void> {
    const deployments = { blue: deploymentOf(blue), green: deploymentOf(green) };
    const [old, next] = await Promise.all([
      observeDeployment(deployments.blue),
      observeDeployment(deployments.green),
    ]);
    const situation = situationOf({ blue: old, green: next }, "green");
    expect(situation).toEqual({ kind: "finish", from: "blue", to: "green" });
    const progress = (): void => undefined;
    await settle(situation, {
      deployments,
      traffic: NO_TRAFFIC,
      credentials: CREDENTIALS,
      lone: false,
      progress,
    });
    expect(isOpen(await observeDeployment(deployments.green))).toBe(true);
  }

  test("is not opened by the cutover that stood still, whether or not the new colour answers it", async () => {
    const handover = await promoteGreen();
    await finish();
    const input = cutoverOf(deploymentOf(blue), deploymentOf(green));
    const leftAlone = "another update has gone on from here, so blue is left as it is";
    expect(await abandonCutover(input, handover)).toBe(leftAlone);
    expect((await readGate(blue.admin)).proxyOn).toBe(false);

    await green.stop();
    expect(await abandonCutover(input, handover)).toBe(leftAlone);
    expect((await readGate(blue.admin)).proxyOn).toBe(false);
  });

  test("is not opened by it either where no link leads back to the old colour", async () => {
    const handover = await promoteGreen();
    await finish();
    await keepClosed(deploymentOf(blue));
    await green.stop();
    const input = cutoverOf(deploymentOf(blue), deploymentOf(green));
    expect(await abandonCutover(input, handover)).toBe(
      "another update has gone on from here, so blue is left as it is",
    );
    expect(isOpen(await observeDeployment(deploymentOf(blue)))).toBe(false);
  });
});
