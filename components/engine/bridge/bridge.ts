import { setTimeout as delay } from "node:timers/promises";
import type { Address } from "../address.ts";
import type { Login } from "../credentials.ts";
import { infoNumber, parseInfo } from "../infoReply.ts";
import { atLeast } from "../serverVersion.ts";
import type { BridgeState, BridgeStatus } from "./bridgeStatus.ts";
import { Figures } from "./figures.ts";
import { readCommands } from "./keySpecs.ts";
import { Lag } from "./lag.ts";
import { PlainClient } from "./plainClient.ts";
import { Session, type SessionParts } from "./session.ts";
import { SourceLink } from "./sourceLink.ts";
import { startFrom } from "./start.ts";
import { TargetGateOnServer, type TargetGate, type TargetState } from "./targetGate.ts";
import { TargetLink } from "./targetLink.ts";
import { versionIn } from "./versionIn.ts";

/** A server as the bridge reaches it. */
export interface BridgeEnd {
  address: Address;
  login: Login;
}

/** What a bridge needs to know. */
export interface BridgeSettings {
  /** The live server, whose stream is followed. */
  source: BridgeEnd;
  /** The standby, a master that only the bridge's user may write. */
  target: BridgeEnd;
}

/** What may be replaced. */
export interface BridgeOptions {
  /** Default: reads the gate on the target. */
  gate?: TargetGate;
  /** Told of what happens, for logs; never holds passwords or users' data. */
  onEvent?: (event: string, details: Record<string, unknown>) => void;
}

const LOOK_MS = 250;
const GATE_EVERY = 8;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
const FINISH_MS = 2_000;

/** Applies what a source emits to a target of another version, for as long as it runs. */
export class Bridge {
  readonly figures = new Figures();
  readonly #settings: BridgeSettings;
  readonly #gate: TargetGate;
  readonly #onEvent: (event: string, details: Record<string, unknown>) => void;
  readonly #stopping = new AbortController();
  #session: Session | undefined;
  #lag = new Lag();
  #state: BridgeState = "waiting";
  #reason: string | undefined = "starting";
  #skewMs: number | undefined;
  #waitMs = FIRST_WAIT_MS;

  constructor(settings: BridgeSettings, options: BridgeOptions = {}) {
    this.#settings = settings;
    this.#gate = options.gate ?? new TargetGateOnServer(settings.target.address, settings.target.login);
    this.#onEvent = options.onEvent ?? (() => undefined);
  }

  /** Runs until `stop`; whatever fails is tried again. */
  async run(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        const gate = await this.#gate.look();
        if (gate.is === "open") await this.#beArmed(gate.reason);
        else await this.#apply(gate);
      } catch (error) {
        if (!this.#isStopped()) await this.#wait(error instanceof Error ? error.message : String(error));
      }
    }
    this.#enter("stopped");
  }

  /** Sends what was read, and ends. */
  async stop(): Promise<void> {
    if (this.#isStopped()) return;
    const session = this.#session;
    this.#stopping.abort();
    await session?.finish(FINISH_MS);
  }

  /** What it is doing, and how far it is. */
  status(): BridgeStatus {
    const session = this.#session;
    const unrepresentable = session?.unrepresentable.summary() ?? {};
    const staleKeys = session?.stale.size ?? 0;
    const { sourceOffset } = this.#lag;
    return {
      state: this.#state,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(session === undefined
        ? {}
        : { position: { ...session.applier.position, confirmed: session.applier.confirmed } }),
      ...(sourceOffset === undefined ? {} : { sourceOffset }),
      lagBytes: this.#lag.bytes,
      lagSeconds: this.#lag.seconds(performance.now()),
      staleKeys,
      ...(session?.progress === undefined ? {} : { progress: session.progress }),
      unrepresentable,
      ...(this.#skewMs === undefined ? {} : { clockSkewMs: this.#skewMs }),
      lossless: this.#state === "applying" && staleKeys === 0 && Object.keys(unrepresentable).length === 0,
    };
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Attached and counting, while the target takes clients' writes itself. */
  async #beArmed(reason: string | undefined): Promise<void> {
    const { address, login } = this.#settings.source;
    const control = await PlainClient.open(address, login);
    let link: SourceLink | undefined;
    try {
      const info = parseInfo(String(await control.call("INFO", "replication")));
      const isMaster = info.get("role") === "master";
      let offset = infoNumber(info, isMaster ? "master_repl_offset" : "slave_repl_offset");
      const from = { replid: info.get("master_replid") ?? "", offset };
      const version = versionIn(parseInfo(String(await control.call("INFO", "server"))));
      const attached = await SourceLink.open(address, login, from, atLeast(version.version, "7.0"));
      link = attached.link;
      ({ offset } = attached.beginning);
      let ended: Error | undefined;
      link.start(
        (chunk) => {
          this.#lag.confirmed((offset += chunk.length));
        },
        (error) => {
          ended = error;
        },
      );
      link.acknowledge(() => offset);
      this.#enter("armed", reason);
      while (!this.#isStopped()) {
        await delay(LOOK_MS, undefined, { signal: this.#stopping.signal });
        if (ended !== undefined) throw ended;
        this.#lag.seen(offset, performance.now());
        if ((await this.#gate.look()).is === "closed") return;
      }
    } finally {
      link?.close();
      control.close();
    }
  }

  async #apply(gate: TargetState & { is: "closed" }): Promise<void> {
    const session = new Session(await this.#connect(gate));
    this.#session = session;
    try {
      // Stopped while it connected.
      if (this.#isStopped()) session.fail();
      session.run().catch((error: unknown) => {
        session.fail(error instanceof Error ? error : new Error(String(error)));
      });
      this.#watch(session).catch((error: unknown) => {
        session.fail(error instanceof Error ? error : new Error(String(error)));
      });
      await session.over;
    } finally {
      session.fail();
      this.figures.reconnects++;
    }
  }

  async #connect(gate: TargetState & { is: "closed" }): Promise<SessionParts> {
    const { source, target } = this.#settings;
    const link = await TargetLink.open(target.address, target.login);
    let control: PlainClient | undefined;
    try {
      // The note may be of an earlier look; what the target holds was read after everybody else was shut out.
      const again = await this.#gate.look();
      if (again.is === "open") throw new Error("the target was opened");
      const start = startFrom(link.facts, again.handedOver === undefined ? gate : again);
      control = await PlainClient.open(source.address, source.login);
      const version = versionIn(parseInfo(String(await control.call("INFO", "server"))));
      const commands = readCommands(await control.call("COMMAND"));
      const filter = atLeast(version.version, "7.0");
      const stream = await SourceLink.open(source.address, source.login, start.from, filter);
      this.#control = control;
      return {
        settings: this.#settings,
        source: { version, commands, control },
        ...stream,
        target: link,
        start,
        figures: this.figures,
        onConfirmed: (offset) => {
          this.#lag.confirmed(offset);
          this.#waitMs = FIRST_WAIT_MS;
        },
      };
    } catch (error) {
      link.close();
      control?.close();
      throw error;
    }
  }

  #control: PlainClient | undefined;

  /** Asks both sides now and then where they are, and whether the target is still closed. */
  async #watch(session: Session): Promise<void> {
    const control = this.#control;
    this.#lag = new Lag();
    const clock = await PlainClient.open(this.#settings.target.address, this.#settings.target.login);
    try {
      for (let i = 0; !session.ended && control !== undefined; i++) {
        const info = parseInfo(String(await control.call("INFO", "replication")));
        this.#lag.seen(infoNumber(info, "master_repl_offset"), performance.now());
        this.#lag.confirmed(session.applier.confirmed.offset);
        this.#skewMs = Math.round((await clockOf(clock)) - (await clockOf(control)));
        this.#enter(session.progress === undefined ? "applying" : "resyncing");
        if (i % GATE_EVERY === GATE_EVERY - 1 && (await this.#gate.look()).is === "open") {
          throw new Error("the target was opened");
        }
        await delay(LOOK_MS);
      }
    } finally {
      clock.close();
    }
  }

  async #wait(reason: string): Promise<void> {
    this.#enter("waiting", reason);
    await delay(this.#waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs);
  }

  #enter(state: BridgeState, reason?: string): void {
    if (state === this.#state && reason === this.#reason) return;
    this.#state = state;
    this.#reason = reason;
    this.#onEvent("state", { state, ...(reason === undefined ? {} : { reason }) });
  }
}

/** A server's clock less this machine's, in milliseconds. */
async function clockOf(client: PlainClient): Promise<number> {
  const before = Date.now();
  const [seconds, micros] = (await client.call("TIME")) as [Buffer, Buffer];
  const middle = (before + Date.now()) / 2;
  return Number(seconds) * 1_000 + Number(micros) / 1_000 - middle;
}
