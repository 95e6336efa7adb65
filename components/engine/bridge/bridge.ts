import { setTimeout as delay } from "node:timers/promises";
import { COLOURS, otherColour, type Colour } from "../colour.ts";
import { parseInfo } from "../infoReply.ts";
import { messageOf } from "../messageOf.ts";
import { atLeast } from "../serverVersion.ts";
import { ArmedLink } from "./armedLink.ts";
import type { BridgeState, BridgeStatus } from "./bridgeStatus.ts";
import { directionOf, isSameDirection, type Direction, type Looks } from "./direction.ts";
import { Figures } from "./figures.ts";
import { readCommands } from "./keySpecs.ts";
import { Lag } from "./lag.ts";
import { PlainClient } from "./plainClient.ts";
import { GateWatch, type BridgeEnd } from "./serverGate.ts";
import { Session } from "./session.ts";
import type { SessionParts } from "./sessionParts.ts";
import { SourceLink } from "./sourceLink.ts";
import { startFrom } from "./start.ts";
import { PATIENCE_MS, TargetLink } from "./targetLink.ts";
import { versionIn } from "./versionIn.ts";

export type { BridgeEnd } from "./serverGate.ts";

/** Both servers; which of them is the source, their gates tell. */
export type BridgeSettings = Record<Colour, BridgeEnd>;

/** What may be replaced. */
export interface BridgeOptions {
  /** Tells from a look at both servers what is to be done. Default: `directionOf`. */
  decide?: typeof directionOf;
  /** How long the target may owe an answer and give nothing, in milliseconds. Default: 30,000. */
  patienceMs?: number;
  /** Told of what happens, for logs; never holds passwords or users' data. */
  onEvent?: (event: string, details: Record<string, unknown>) => void;
}

type Feeding = Direction & { is: "feeding" };

const LOOK_MS = 100;
/** A server that gives no look for so long ends the session; a large transaction can hold it up for seconds. */
const UNSEEN_MS = 30_000;
/**
 * A target that is further behind, or behind nobody knows what, is not lossless. Under load it is milliseconds, and a
 * source that is idle says something each ten seconds.
 */
const LATE_S = 5;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
const FINISH_MS = 2_000;

/** Applies what one server emits to the other one, of another version, for as long as it runs. */
export class Bridge {
  readonly figures = new Figures();
  readonly #settings: BridgeSettings;
  readonly #watches: Record<Colour, GateWatch>;
  readonly #decide: typeof directionOf;
  readonly #patienceMs: number;
  readonly #onEvent: (event: string, details: Record<string, unknown>) => void;
  readonly #stopping = new AbortController();
  #session: Session | undefined;
  #looks: Looks | undefined;
  #lag = new Lag();
  #state: BridgeState = "waiting";
  #reason: string | undefined = "starting";
  #direction: { source?: Colour; target?: Colour } = {};
  #waitMs = FIRST_WAIT_MS;

  constructor(settings: BridgeSettings, options: BridgeOptions = {}) {
    this.#settings = settings;
    this.#watches = { blue: new GateWatch(settings.blue), green: new GateWatch(settings.green) };
    this.#decide = options.decide ?? directionOf;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#onEvent = options.onEvent ?? (() => undefined);
  }

  /** Runs until `stop`; whatever fails is tried again. */
  async run(): Promise<void> {
    while (!this.#isStopped()) {
      const direction = await this.#look();
      try {
        if (direction.is === "feeding") await this.#apply(direction);
        else if (direction.is === "armed") await this.#beArmed(direction.source);
        else {
          this.#turn({}, "waiting", direction.reason);
          await this.#pause();
        }
      } catch (error) {
        if (!this.#isStopped()) await this.#wait(direction, error);
      }
    }
    for (const colour of COLOURS) this.#watches[colour].close();
    this.#turn({}, "stopped");
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
    const clockSkewMs = this.#skewMs();
    const now = performance.now();
    const lagSeconds = this.#lag.seconds(now);
    const isWhole =
      session?.applier.position.copying === false &&
      staleKeys === 0 &&
      Object.keys(unrepresentable).length === 0;
    const isRecent = lagSeconds < LATE_S && this.#lag.unseenSeconds(now) < LATE_S;
    return {
      state: this.#state,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...this.#direction,
      ...(session === undefined
        ? {}
        : { position: { ...session.applier.position, confirmed: session.applier.confirmed } }),
      ...(sourceOffset === undefined ? {} : { sourceOffset }),
      lagBytes: this.#lag.bytes,
      lagSeconds,
      staleKeys,
      ...(session?.progress === undefined ? {} : { progress: session.progress }),
      unrepresentable,
      ...(clockSkewMs === undefined ? {} : { clockSkewMs }),
      lossless: this.#state === "applying" && isWhole && isRecent,
    };
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Looks at both servers. */
  async #look(attached?: Colour, fresh = false): Promise<Direction> {
    const [blue, green] = await Promise.all(
      COLOURS.map((colour) =>
        this.#watches[colour]
          .look(fresh)
          .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
      ),
    );
    this.#looks = { blue: blue ?? new Error("no look"), green: green ?? new Error("no look") };
    return this.#decide(this.#looks, attached);
  }

  /** Attached and counting, while none is fed. */
  async #beArmed(source: Colour): Promise<void> {
    this.#session = undefined;
    this.#lag = new Lag();
    this.#turn({ source }, "waiting", `attaches to ${source}`);
    const link = await ArmedLink.open(this.#settings[source]);
    try {
      this.#turn({ source }, "armed");
      while (!this.#isStopped()) {
        await this.#pause();
        if (link.ended !== undefined) throw link.ended;
        const direction = await this.#look(source);
        this.#seen(source, link.offset);
        if (!isSameDirection(direction, { is: "armed", source })) return;
        this.#waitMs = FIRST_WAIT_MS;
      }
    } finally {
      link.close();
    }
  }

  async #apply(feeding: Feeding): Promise<void> {
    const { source, target } = feeding;
    this.#turn({ source, target }, "waiting", `${source} is asked for what it takes`);
    const session = new Session(await this.#connect(feeding));
    this.#session = session;
    this.#lag = new Lag();
    const fail = (error: unknown): void => {
      session.fail(error instanceof Error ? error : new Error(String(error)));
    };
    try {
      // Stopped while it connected.
      if (this.#isStopped()) session.fail();
      session.run().catch(fail);
      this.#watch(session, feeding).catch(fail);
      await session.over;
    } finally {
      session.fail();
      this.figures.reconnects++;
    }
  }

  async #connect({ source, target }: Feeding): Promise<SessionParts> {
    const ends = { source: this.#settings[source], target: this.#settings[target] };
    const link = await TargetLink.open(ends.target.address, ends.target.login, this.#patienceMs);
    let control: PlainClient | undefined;
    try {
      // The note may be of an earlier look; what the target holds was read after everybody else was shut out.
      const again = await this.#look(undefined, true);
      if (again.is !== "feeding" || again.target !== target) {
        throw new Error(again.is === "waiting" ? again.reason : `${target} is not fed any more`);
      }
      const start = startFrom(link.facts, again);
      control = await PlainClient.open(ends.source.address, ends.source.login);
      const version = versionIn(parseInfo(String(await control.call("INFO", "server"))));
      const commands = readCommands(await control.call("COMMAND"));
      const filter = atLeast(version.version, "7.0");
      const stream = await SourceLink.open(ends.source.address, ends.source.login, start.from, filter);
      return {
        ends,
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

  /** Asks both servers where they are, and ends the session when they ask for something else. */
  async #watch(session: Session, feeding: Feeding): Promise<void> {
    const { source, target } = feeding;
    let seenAt = performance.now();
    while (!session.ended) {
      this.#seen(source, session.applier.confirmed.offset);
      this.#turn({ source, target }, session.applier.position.copying ? "resyncing" : "applying");
      await delay(LOOK_MS);
      const direction = await this.#look();
      if (direction.is !== "waiting" || !direction.unseen) {
        seenAt = performance.now();
        if (!isSameDirection(direction, feeding)) session.fail();
      } else if (performance.now() - seenAt > UNSEEN_MS) throw new Error(direction.reason);
    }
  }

  /** Takes what the last look said of the source. */
  #seen(source: Colour, confirmed: number): void {
    const look = this.#looks?.[source];
    if (look !== undefined && !(look instanceof Error)) this.#lag.seen(look.offset, performance.now());
    this.#lag.confirmed(confirmed);
  }

  /** The target's clock less the source's, in milliseconds. */
  #skewMs(): number | undefined {
    const { target } = this.#direction;
    if (target === undefined || this.#looks === undefined) return undefined;
    const [there, here] = [this.#looks[target], this.#looks[otherColour(target)]];
    return there instanceof Error || here instanceof Error
      ? undefined
      : Math.round(there.skewMs - here.skewMs);
  }

  /** Waits before it tries again, unless something else is to be done by then. */
  async #wait(direction: Direction, error: unknown): Promise<void> {
    const { source, target } = { target: undefined, source: undefined, ...direction };
    const colours = {
      ...(source === undefined ? {} : { source }),
      ...(target === undefined ? {} : { target }),
    };
    this.#turn(colours, "waiting", messageOf(error));
    const end = performance.now() + this.#waitMs;
    this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs);
    for (;;) {
      const left = end - performance.now();
      if (left <= 0 || this.#isStopped()) return;
      await this.#pause(left);
      if (!isSameDirection(await this.#look(), direction)) return;
    }
  }

  #pause(atMost = LOOK_MS): Promise<void> {
    const { signal } = this.#stopping;
    return delay(Math.min(LOOK_MS, atMost), undefined, { signal }).catch(() => undefined);
  }

  #turn(direction: { source?: Colour; target?: Colour }, state: BridgeState, reason?: string): void {
    const last = this.#direction;
    this.#direction = direction;
    const turned = last.source !== direction.source || last.target !== direction.target;
    if (state === this.#state && reason === this.#reason && !turned) return;
    this.#state = state;
    this.#reason = reason;
    this.#onEvent("state", { state, ...direction, ...(reason === undefined ? {} : { reason }) });
  }
}
