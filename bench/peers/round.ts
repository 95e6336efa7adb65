import { Clients, type SightOfAll } from "./clients/clients.ts";
import type { ClientTrace } from "./clients/messages.ts";
import type { Contestant, ContestantName, OwnReport } from "./contestants/contestant.ts";
import type { PhaseRecord } from "../../components/engine/cutover/phases.ts";
import { Cutover } from "./contestants/cutover.ts";
import { Failover } from "./contestants/failover.ts";
import { Restart } from "./contestants/restart.ts";
import { SentinelFailover } from "./contestants/sentinelFailover.ts";
import type { Scene } from "./scene.ts";

/** What is varied. */
export interface Case {
  gigabytes: number;
  connections: number;
  load: "idle" | "load";
}

/** How rounds are run, alike in every case. */
export interface RoundOptions {
  /** Our cutovers take the backup that an update takes before it holds writes; peers take none. */
  backup: boolean;
}

/** What one contestant did in one round. Times in milliseconds. */
export interface Round extends Case {
  contestant: ContestantName;
  round: number;
  /** As clients saw it: see `Pauses`. Null where it could not be told. */
  pauseMs: number | null;
  silenceMs: number | null;
  /** The contestant's own account of the pause. */
  ownPauseMs: number | null;
  longestWaitMs: number;
  errors: number;
  lost: number;
  repeated: number;
  acknowledged: number;
  clientStallMs: number;
  /** Violations and errors in words, where there were any. */
  findings?: string[];
  phases?: PhaseRecord[];
  trace?: ClientTrace;
  waitTrace?: ClientTrace;
}

/** Writes that clients get acknowledged before and after a move, so that its surroundings are ordinary. */
const WRITES_AROUND = 300;

/** How many findings of a round are kept. */
const FINDINGS = 3;

let made = 0;

/** Moves clients once and looks at what they saw; leaves the scene as it was. */
export async function runRound(
  scene: Scene,
  name: ContestantName,
  at: Case,
  round: number,
  options: RoundOptions,
): Promise<Round> {
  const contestant = contestantOf(name, scene, options);
  let clients: Clients | undefined;
  try {
    const target = await contestant.prepare();
    const { connections, load } = at;
    clients = await Clients.start({ target, connections, load, keyPrefix: `bench:${made++}` });
    await clients.awaitWrites(WRITES_AROUND);
    await clients.mark();
    const own = await contestant.move();
    const { server, auditAt } = await contestant.arrived();
    await clients.awaitWrites(WRITES_AROUND, server);
    const sight = await clients.stop(server, auditAt);
    return { ...at, contestant: name, round, ...figuresOf(sight, own) };
  } finally {
    clients?.kill();
    await contestant.finish();
    await scene.reset();
    if (clients !== undefined) await scene.blue.admin.call("UNLINK", ...clients.keys);
  }
}

function figuresOf(
  { pauseMs, silenceMs, longestWaitMs, errors, lost, repeated, acknowledged, ...sight }: SightOfAll,
  own: OwnReport,
): Omit<Round, keyof Case | "contestant" | "round"> {
  return {
    pauseMs: pauseMs ?? null,
    silenceMs: silenceMs ?? null,
    ownPauseMs: own.pauseMs ?? null,
    longestWaitMs,
    errors,
    lost,
    repeated,
    acknowledged,
    clientStallMs: sight.ownStallMs,
    ...(sight.findings.length === 0 ? {} : { findings: sight.findings.slice(0, FINDINGS) }),
    ...(sight.trace === undefined ? {} : { trace: sight.trace }),
    ...(sight.waitTrace === undefined ? {} : { waitTrace: sight.waitTrace }),
    ...(own.phases === undefined ? {} : { phases: own.phases }),
  };
}

function contestantOf(name: ContestantName, scene: Scene, { backup }: RoundOptions): Contestant {
  switch (name) {
    case "cutover":
      return new Cutover(scene, backup);
    case "failover":
      return new Failover(scene);
    case "sentinel":
      return new SentinelFailover(scene);
    case "restart":
      return new Restart(scene);
  }
}
