import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_BAKE, type BakeSettings } from "../../components/engine/bake/bakeSettings.ts";
import type { BridgeTarget } from "../../components/engine/bridgeTarget.ts";
import { COLOURS, otherColour, type Colour } from "../../components/engine/colour.ts";
import { isOpen, observeDeployment } from "../../components/engine/deployment.ts";
import { Haproxy } from "../../components/engine/haproxy.ts";
import { until } from "../../components/engine/until.ts";
import { trafficSwitch } from "../../components/providers/handlers/index.ts";
import type { ReplicationLinkInputs } from "../../components/providers/replicationLink.ts";
import type { TrafficSwitchInputs, TrafficSwitchOutputs } from "../../components/providers/trafficSwitch.ts";
import { bearProxy, type BornProxy } from "./bornProxy.ts";
import { CREDENTIALS, deploymentOf, type BornServer } from "./bornServer.ts";
import { bridgeSettings } from "./bridgeBeside.ts";
import { BridgeProcess } from "./bridgeProcess.ts";
import { PATIENT_GUARDRAILS } from "./patientGuardrails.ts";
import { updateInSteps } from "./steppedUpdate.ts";
import type { ClientEndpoint } from "./workload/endpoint.ts";

/** What a scene is beyond its servers. */
export interface SceneOptions {
  /** A bridge runs beside them. Default false. */
  bridge?: boolean;
  /** A standby may be overwritten. Default false. */
  reseed?: boolean;
  /** How a new live colour is watched; what is absent has its default. */
  bake?: Partial<BakeSettings>;
  /** Default: one that goes with the scene. */
  reportDirectory?: string;
}

/** A bridge, and how updates know it. */
interface SceneBridge {
  process: BridgeProcess;
  target: BridgeTarget;
}

/** Two colours and a proxy, with the updates of switch and link between them: what a stack is without Pulumi. */
export class SwitchScene {
  readonly servers: Record<Colour, BornServer>;
  private readonly proxy: BornProxy;
  private readonly folder: string;
  private readonly options: SceneOptions;
  private readonly bridge: SceneBridge | undefined;

  private constructor(
    servers: Record<Colour, BornServer>,
    proxy: BornProxy,
    folder: string,
    options: SceneOptions,
    bridge: SceneBridge | undefined,
  ) {
    this.servers = servers;
    this.proxy = proxy;
    this.folder = folder;
    this.options = options;
    this.bridge = bridge;
  }

  /** Makes blue live and has green follow. */
  static async of([blue, green]: [BornServer, BornServer], options: SceneOptions = {}): Promise<SwitchScene> {
    const servers = { blue, green };
    const proxy = await bearProxy({ blue: blue.target.primary.peer, green: green.target.primary.peer });
    const folder = await mkdtemp(join(tmpdir(), "switch-scene-"));
    const beside = options.bridge === true ? await bridgeBetween(servers) : undefined;
    const scene = new SwitchScene(servers, proxy, folder, options, beside);
    await scene.update("blue", "blue");
    return scene;
  }

  /** Where clients write. */
  get endpoint(): ClientEndpoint {
    return { ...this.proxy.write, password: CREDENTIALS.application.password ?? "" };
  }

  /**
   * Runs an update from a state that says `from`.
   * @param killAtStep ends its process after this step
   * @returns the steps, or undefined where it was killed
   */
  update(from: Colour, to: Colour, killAtStep?: number): Promise<string[] | undefined> {
    const request = { olds: this.stateOf(from), news: this.inputsOf(to), link: this.linkFrom(to) };
    return updateInSteps(killAtStep === undefined ? request : { ...request, killAtStep });
  }

  /** Waits until every colour that is set to follow does. */
  async awaitLinks(): Promise<void> {
    const areUp = async (): Promise<true | undefined> => {
      const states = await Promise.all(COLOURS.map((colour) => this.servers[colour].admin.replication()));
      return states.every(({ role, linkUp }) => role === "master" || linkUp) ? true : undefined;
    };
    await until(areUp, { timeoutMs: 60_000, intervalMs: 50, what: "every replica follows" });
  }

  /** Colours that take clients' writes. */
  openColours(): Promise<Colour[]> {
    return this.coloursWhere(async (server) => isOpen(await observeDeployment(deploymentOf(server))));
  }

  /** Colours that would take clients' writes if every server were started anew, told from their files. */
  openInFiles(): Promise<Colour[]> {
    return this.coloursWhere(async (server) => {
      const file = await server.file();
      const isFenced = /^min-(replicas|slaves)-to-write [1-9]/m.test(file);
      const isReplica = /^(replica|slave)of /m.test(file);
      return /^user redis-bluegreen-proxy on /m.test(file) && !isFenced && !isReplica;
    });
  }

  /** Whether a preview shows a change of the switch where its state and config both say `live`. */
  async hasDiff(live: Colour): Promise<boolean> {
    const { changes } = await trafficSwitch.diff("redis-scene", this.stateOf(live), this.inputsOf(live));
    return changes === true;
  }

  /** Whether a colour's file says that it follows, or that the bridge feeds it. */
  async isLinkedInFile(standby: Colour): Promise<boolean> {
    return /^(replica|slave)of |~redis-bluegreen:fed:/m.test(await this.servers[standby].file());
  }

  /**
   * Where the proxy sends clients. Waits while that is both colours or none: a check that was under way when the old colour
   * was shut puts it back until the next ones.
   */
  async traffic(): Promise<Colour> {
    const proxy = new Haproxy(this.proxy.runtime, { patienceMs: 10_000 });
    const target = async (): Promise<Colour | undefined> => (await proxy.observe()).target;
    return until(target, {
      timeoutMs: 30_000,
      intervalMs: 20,
      what: "the proxy sends clients to one colour",
    });
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.bridge?.process.kill("SIGKILL");
    const { blue, green } = this.servers;
    await Promise.all([blue.stop(), green.stop(), this.proxy.container.stop({ timeout: 0 })]);
    await rm(this.folder, { recursive: true });
  }

  private async coloursWhere(holds: (server: BornServer) => Promise<boolean>): Promise<Colour[]> {
    const found = await Promise.all(COLOURS.map((colour) => holds(this.servers[colour])));
    return COLOURS.filter((_, i) => found[i]);
  }

  private stateOf(live: Colour): TrafficSwitchOutputs {
    return { ...this.inputsOf(live), serving: live, traffic: live, rollback: "", report: "" };
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
      guardrails: { ...PATIENT_GUARDRAILS, verifyKeys: 20 },
      bake: { ...DEFAULT_BAKE, ...this.options.bake },
      ...(this.bridge === undefined ? {} : { bridge: this.bridge.target }),
      backupDirectory: this.folder,
      reportDirectory: this.options.reportDirectory ?? this.folder,
      pathPrefix: "redis-bluegreen:",
      credentials: CREDENTIALS,
      plan: [],
    };
  }

  private linkFrom(live: Colour): ReplicationLinkInputs {
    return {
      schemaVersion: 1,
      live: this.servers[live].target,
      standby: this.servers[otherColour(live)].target,
      syncTimeoutMs: 60_000,
      reseed: this.options.reseed ?? false,
      ...(this.bridge === undefined ? {} : { bridge: this.bridge.target }),
      pathPrefix: "redis-bluegreen:",
      credentials: CREDENTIALS,
    };
  }
}

async function bridgeBetween(servers: Record<Colour, BornServer>): Promise<SceneBridge> {
  const process = new BridgeProcess({ settings: bridgeSettings(servers) });
  return {
    process,
    target: { use: "auto", status: { host: "127.0.0.1", port: await process.statusPort() } },
  };
}
