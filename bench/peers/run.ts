import { loadavg } from "node:os";
import { messageOf } from "../../components/engine/messageOf.ts";
import { measureBridge } from "./bridgeRatio.ts";
import { INTERRUPTED, type BenchResults, type Note } from "./benchResults.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import { lookAtMachine } from "./machine.ts";
import { measureNoOps } from "./noOp.ts";
import { nameOf, type BenchOptions, type Heat } from "./options.ts";
import { runRound, type Round } from "./round.ts";
import { Scene, benchContainers } from "./scene.ts";

/** Says what goes on. */
export type Say = (text: string) => void;

const NO_OPS = "no-op preview and up";
const BRIDGE = "bridge";

/** A run of the whole bench; what fails is noted, and the rest goes on. */
export class BenchRun {
  readonly results: BenchResults;
  private readonly options: BenchOptions;
  private readonly signal: AbortSignal;
  private readonly say: Say;
  private readonly startedAt = performance.now();

  private constructor(options: BenchOptions, signal: AbortSignal, say: Say, results: BenchResults) {
    this.options = options;
    this.signal = signal;
    this.say = say;
    this.results = results;
  }

  /**
   * Looks at the machine; nothing is started yet.
   * @param asked the options as they were given
   */
  static async create(
    options: BenchOptions,
    asked: string,
    signal: AbortSignal,
    say: Say,
  ): Promise<BenchRun> {
    return new BenchRun(options, signal, say, {
      runs: [
        {
          date: new Date().toISOString(),
          options: asked,
          loadAverage: loadavg()[0] ?? 0,
          parts: partsOf(options),
        },
      ],
      quick: options.quick,
      machine: await lookAtMachine(),
      rounds: [],
      noOp: null,
      bridge: null,
      notes: [],
    });
  }

  /** Runs every part; where it is interrupted, answers with what was measured until then. */
  async run(): Promise<BenchResults> {
    try {
      await this.runParts();
    } catch (error) {
      if (!this.signal.aborted) throw error;
      this.note(INTERRUPTED, "left out, the bench was interrupted");
    }
    return this.results;
  }

  /** The short ones first, since the heats may use up the time. */
  private async runParts(): Promise<void> {
    const { previews, bridge, heats } = this.options;
    if (previews > 0) {
      await this.part(NO_OPS, async () => {
        this.results.noOp = await measureNoOps(previews, this.signal);
      });
    }
    if (bridge.rounds > 0) {
      await this.part(BRIDGE, async () => {
        this.results.bridge = await measureBridge(bridge, this.signal);
      });
    }
    for (const [gigabytes, ofSize] of Map.groupBy(heats, (heat) => heat.gigabytes)) {
      await this.part(`${gigabytes} GB of data`, () => this.runSize(gigabytes, ofSize));
    }
  }

  private async part(name: string, work: () => Promise<void>): Promise<void> {
    this.signal.throwIfAborted();
    if (this.isLate()) {
      this.note(name, "left out, the time was up");
      return;
    }
    this.say(name);
    try {
      await work();
    } catch (error) {
      this.signal.throwIfAborted();
      this.note(name, messageOf(error));
    }
  }

  /** Starts servers with that much data, and lets the contestants take turns on them. */
  private async runSize(gigabytes: number, heats: readonly Heat[]): Promise<void> {
    const containers = benchContainers();
    let scene: Scene | undefined;
    try {
      scene = await Scene.start(gigabytes);
      Object.assign(this.results.machine.servers, await scene.versions());
      for (const heat of heats) await this.runHeat(scene, heat);
    } finally {
      scene?.close();
      await containers.removeAll();
    }
  }

  private async runHeat(scene: Scene, heat: Heat): Promise<void> {
    for (let round = 1; round <= heat.rounds; round++) {
      for (const contestant of heat.contestants) {
        this.signal.throwIfAborted();
        if (this.isLate()) {
          this.note(nameOf(heat), `ended in round ${round}, the time was up`);
          return;
        }
        await this.turn(scene, contestant, heat, round);
      }
    }
  }

  private async turn(scene: Scene, contestant: ContestantName, heat: Heat, round: number): Promise<void> {
    const { gigabytes, connections, load } = heat;
    try {
      const made = await runRound(scene, contestant, { gigabytes, connections, load }, round, this.options);
      this.results.rounds.push(made);
      this.say(`  ${lineOf(made)}`);
    } catch (error) {
      const reason = messageOf(error);
      this.note(nameOf(heat), `${contestant}, round ${round}: ${reason}`, { unaudited: contestant });
      await scene.reset();
    }
  }

  private isLate(): boolean {
    return performance.now() - this.startedAt > this.options.minutes * 60_000;
  }

  private note(part: string, text: string, more: Pick<Note, "unaudited"> = {}): void {
    this.results.notes.push({ part, text, ...more });
    this.say(`  ${part}: ${text}`);
  }
}

function partsOf({ previews, bridge, heats }: BenchOptions): string[] {
  return [
    ...(previews > 0 ? [NO_OPS] : []),
    ...(bridge.rounds > 0 ? [BRIDGE] : []),
    ...new Set(heats.flatMap((heat) => [`${heat.gigabytes} GB of data`, nameOf(heat)])),
  ];
}

function lineOf(round: Round): string {
  const ms = (value: number | null): string => (value === null ? "?" : `${value.toFixed(1)} ms`);
  return (
    `${round.contestant.padEnd(9)} ${round.connections} ${round.load}: pause ${ms(round.pauseMs)}, ` +
    `its own ${ms(round.ownPauseMs)}, longest wait ${ms(round.longestWaitMs)}, ` +
    `${round.errors} errors, ${round.lost} lost, ${round.repeated} repeated`
  );
}
