import type { ClientTarget } from "../clients/messages.ts";
import { onGreen } from "../endpoints.ts";
import type { Scene } from "../scene.ts";
import { GROUP } from "../sentinels.ts";
import { CREDENTIALS } from "../servers.ts";
import type { Contestant, OwnReport } from "./contestant.ts";

/** `SENTINEL FAILOVER`, with clients that ask three Sentinels for the primary and listen to what they announce. */
export class SentinelFailover implements Contestant {
  private readonly scene: Scene;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  async prepare(): Promise<ClientTarget> {
    const { blue, green, sentinels } = this.scene;
    await this.scene.openBoth();
    await sentinels.watch(blue.target.primary.peer);
    const servers = [blue, green].map(({ target: { primary } }) => [
      `${primary.peer.host}:${primary.peer.port}`,
      primary.operator,
    ]);
    const watchers = sentinels.members.map(({ container, address }) => [`${container.ip}:26379`, address]);
    return {
      kind: "sentinel",
      group: GROUP,
      sentinels: sentinels.members.map(({ address }) => address),
      published: Object.fromEntries([...servers, ...watchers]) as Record<
        string,
        { host: string; port: number }
      >,
      password: CREDENTIALS.application.password ?? "",
    };
  }

  async move(): Promise<OwnReport> {
    await this.scene.sentinels.failOver(this.scene.green.target.primary.peer);
    return {};
  }

  arrived(): ReturnType<Contestant["arrived"]> {
    return onGreen(this.scene);
  }

  finish(): Promise<void> {
    return this.scene.sentinels.forget();
  }
}
