import type { Address } from "../../../components/engine/address.ts";
import type { RedisServer } from "../../../components/engine/redisServer.ts";
import type { ClientTarget } from "../clients/messages.ts";
import type { RunningContainer } from "../containers.ts";
import { auditEndpoint, runIdOf } from "../endpoints.ts";
import { inSync, type Scene } from "../scene.ts";
import { ADMIN, connectWhenUp, CREDENTIALS, START_SERVER, VERSIONS } from "../servers.ts";
import type { Contestant, OwnReport } from "./contestant.ts";

/** Time for the last save of the largest dataset. */
const STOP_SECONDS = 300;

/** Stop, and start the new version on the same data, at the same address. */
export class Restart implements Contestant {
  private readonly scene: Scene;
  private volume: { name: string; remove: () => Promise<void> } | undefined;
  private container: RunningContainer | undefined;
  private admin: RedisServer | undefined;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** A server of its own with a copy of blue's data: the new version's file can't be read by the old one afterwards. */
  async prepare(): Promise<ClientTarget> {
    this.volume = await this.scene.containers.createVolume();
    const server = await this.start(VERSIONS.blue, 0);
    const { admin, target } = this.scene.blue;
    await server.call("REPLICAOF", target.primary.peer.host, target.primary.peer.port);
    await inSync(server, admin);
    await server.call("REPLICAOF", "NO", "ONE");
    return { kind: "endpoint", endpoint: auditEndpoint(this.address) };
  }

  async move(): Promise<OwnReport> {
    const { port } = this.address;
    this.admin?.close();
    const begun = performance.now();
    await this.container?.stop(STOP_SECONDS);
    await this.start(VERSIONS.green, port);
    return { pauseMs: performance.now() - begun };
  }

  async arrived(): ReturnType<Contestant["arrived"]> {
    return { server: await runIdOf(this.admin), auditAt: auditEndpoint(this.address) };
  }

  async finish(): Promise<void> {
    this.admin?.close();
    await this.container?.stop(0);
    await this.volume?.remove();
  }

  private get address(): Address {
    if (this.container === undefined) throw new Error("the server was not started");
    return { host: "127.0.0.1", port: this.container.port(6379) };
  }

  private async start(version: string, port: number): Promise<RedisServer> {
    this.container = await this.scene.containers.start({
      image: `redis:${version}`,
      script: START_SERVER,
      file: conf(),
      ports: { 6379: port },
      volume: this.volume?.name ?? "",
    });
    this.admin = await connectWhenUp(this.address, ADMIN, STOP_SECONDS * 1_000);
    return this.admin;
  }
}

/** With a save point that is never reached, so that it saves when it is stopped, and then only. */
function conf(): string {
  const { application, replication } = CREDENTIALS;
  return [
    "dir /data",
    "protected-mode no",
    "save 86400 1000000000",
    `masteruser ${replication.username}`,
    `masterauth ${replication.password ?? ""}`,
    `user ${application.username} on >${application.password ?? ""} ~* &* +@all`,
    `user ${ADMIN.username} on >${ADMIN.password ?? ""} ~* &* +@all`,
    "",
  ].join("\n");
}
