import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COLOURS, otherColour, type Colour } from "../../components/engine/colour.ts";
import { DEFAULT_BAKE } from "../../components/engine/bake/bakeSettings.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import { Haproxy } from "../../components/engine/haproxy.ts";
import { ensureLink } from "../../components/engine/replicationLink.ts";
import { until } from "../../components/engine/until.ts";
import type { TrafficSwitchInputs, TrafficSwitchOutputs } from "../../components/providers/trafficSwitch.ts";
import { bearProxy, type BornProxy } from "./bornProxy.ts";
import { CREDENTIALS, deploymentOf, type BornServer } from "./bornServer.ts";
import { updateInSteps } from "./steppedUpdate.ts";
import type { ClientEndpoint } from "./workload/endpoint.ts";

/** Two colours and a proxy, with the traffic switch's updates between them: what a stack is without Pulumi. */
export class SwitchScene {
  readonly servers: Record<Colour, BornServer>;
  private readonly proxy: BornProxy;
  private readonly folder: string;

  private constructor(servers: Record<Colour, BornServer>, proxy: BornProxy, folder: string) {
    this.servers = servers;
    this.proxy = proxy;
    this.folder = folder;
  }

  /** Makes blue live and has green follow. */
  static async of([blue, green]: [BornServer, BornServer]): Promise<SwitchScene> {
    const proxy = await bearProxy({ blue: blue.target.primary.peer, green: green.target.primary.peer });
    const scene = new SwitchScene({ blue, green }, proxy, await mkdtemp(join(tmpdir(), "switch-scene-")));
    await scene.update("blue", "blue");
    await scene.link("blue");
    return scene;
  }

  /** Where clients write. */
  get endpoint(): ClientEndpoint {
    return { ...this.proxy.write, password: CREDENTIALS.application.password ?? "" };
  }

  /**
   * Runs the switch's update from a state that says `from`.
   * @param killAtStep ends its process after this step
   * @returns the steps, or undefined where it was killed
   */
  update(from: Colour, to: Colour, killAtStep?: number): Promise<string[] | undefined> {
    const olds: TrafficSwitchOutputs = {
      ...this.inputsOf(from),
      serving: from,
      traffic: from,
      rollback: "",
      report: "",
    };
    const request = { olds, news: this.inputsOf(to) };
    return updateInSteps(killAtStep === undefined ? request : { ...request, killAtStep });
  }

  /** What the link's update does. */
  async link(live: Colour, reseed = false): Promise<void> {
    await ensureLink({
      live: deploymentOf(this.servers[live]),
      standby: deploymentOf(this.servers[otherColour(live)]),
      credentials: CREDENTIALS,
      syncTimeoutMs: 20_000,
      reseed,
      pathPrefix: "redis-bluegreen:",
      progress: () => undefined,
    });
  }

  /** Waits until every colour that is set to follow does. */
  async awaitLinks(): Promise<void> {
    const areUp = async (): Promise<true | undefined> => {
      const states = await Promise.all(COLOURS.map((colour) => this.servers[colour].admin.replication()));
      return states.every(({ role, linkUp }) => role === "master" || linkUp) ? true : undefined;
    };
    await until(areUp, { timeoutMs: 20_000, intervalMs: 50, what: "every replica follows" });
  }

  /** Colours that take clients' writes. */
  openColours(): Promise<Colour[]> {
    return this.coloursWhere(async (server) => isOpen(await observeDeployment(deploymentOf(server))));
  }

  /** Colours that would take clients' writes if every server were started anew, told from their files. */
  openInFiles(): Promise<Colour[]> {
    return this.coloursWhere(async ({ container }) => {
      const { output } = await container.exec(["cat", "/data/redis.conf"]);
      const isFenced = /^min-(replicas|slaves)-to-write [1-9]/m.test(output);
      const isReplica = /^(replica|slave)of /m.test(output);
      return /^user redis-bluegreen-proxy on /m.test(output) && !isFenced && !isReplica;
    });
  }

  /** Where the proxy sends clients. */
  async traffic(): Promise<Colour | undefined> {
    return (await new Haproxy(this.proxy.runtime).observe()).target;
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    const { blue, green } = this.servers;
    await Promise.all([blue.stop(), green.stop(), this.proxy.container.stop({ timeout: 0 })]);
    await rm(this.folder, { recursive: true });
  }

  private async coloursWhere(holds: (server: BornServer) => Promise<boolean>): Promise<Colour[]> {
    const found = await Promise.all(COLOURS.map((colour) => holds(this.servers[colour])));
    return COLOURS.filter((_, i) => found[i]);
  }

  private inputsOf(live: Colour): TrafficSwitchInputs {
    return {
      schemaVersion: 1,
      name: "redis-scene",
      live,
      blue: this.servers.blue.target,
      green: this.servers.green.target,
      images: {},
      memoryLimits: {},
      runtime: this.proxy.runtime,
      endpoint: this.proxy.write,
      guardrails: { ...DEFAULT_GUARDRAILS, verifyKeys: 20 },
      bake: DEFAULT_BAKE,
      backupDirectory: this.folder,
      reportDirectory: this.folder,
      pathPrefix: "redis-bluegreen:",
      credentials: CREDENTIALS,
      plan: [],
    };
  }
}
