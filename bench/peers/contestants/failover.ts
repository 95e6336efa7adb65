import type { ClientTarget } from "../clients/messages.ts";
import { onGreen, throughProxy } from "../endpoints.ts";
import type { Scene } from "../scene.ts";
import { until } from "../../../components/engine/until.ts";
import type { Contestant, OwnReport } from "./contestant.ts";

/** `FAILOVER TO` by hand, with clients behind a proxy that asks the servers for their role. */
export class Failover implements Contestant {
  private readonly scene: Scene;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  async prepare(): Promise<ClientTarget> {
    await this.scene.openBoth();
    return throughProxy(this.scene.handProxy);
  }

  /** Its own account of the pause: from the command until the old server says that it is done. */
  async move(): Promise<OwnReport> {
    const { blue, green } = this.scene;
    const { host, port } = green.target.primary.peer;
    const begun = performance.now();
    await blue.admin.call("FAILOVER", "TO", host, port, "TIMEOUT", 30_000);
    await until(
      async () => {
        const [old, next] = await Promise.all([
          blue.admin.info("replication"),
          green.admin.info("replication"),
        ]);
        const over = old.get("master_failover_state") === "no-failover";
        if (over && next.get("role") !== "master") throw new Error("FAILOVER was abandoned");
        return over ? true : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 1, what: "FAILOVER is over" },
    );
    return { pauseMs: performance.now() - begun };
  }

  arrived(): ReturnType<Contestant["arrived"]> {
    return onGreen(this.scene);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }
}
