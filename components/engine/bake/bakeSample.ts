import { readGate } from "../gate.ts";
import { infoNumber } from "../infoReply.ts";
import { countedMemory, evictsKeys } from "../memory.ts";
import { versionOf, type RedisServer } from "../redisServer.ts";
import { replicationStateOf } from "../replicationState.ts";
import { readCommandTimes, type CommandTimes } from "./commandTimes.ts";

/** One look at a baking colour. Counters count from the server's start. */
export interface BakeSample {
  /** On this process's monotonic clock, in milliseconds. */
  at: number;
  /** The server's `run_id`: another one after each restart. */
  run: string;
  /** Absent where the server doesn't count them (before 6.2). */
  errorReplies?: number;
  rejectedConnections: number;
  hits: number;
  misses: number;
  /** What counts against `maxMemory`. */
  usedMemory: number;
  /** 0: no limit. */
  maxMemory: number;
  /** A full server drops keys, rather than refuses writes. */
  evicts: boolean;
  /** How far the standby is behind, in bytes; infinite while its link is down or it is copied; absent where it isn't to follow. */
  lagBytes?: number;
  /** Of each PING through the endpoint, in milliseconds. */
  latencies: number[];
  /** Absent where the server doesn't count them. */
  commandTimes?: CommandTimes;
}

/** What is looked at, over connections of the bake's own: it outlives theirs. */
export interface BakeSubjects {
  live: RedisServer;
  /** The old colour, where it follows the live one or the bridge feeds it. */
  standby?: RedisServer;
  /** A connection to the live colour through the users' endpoint. */
  endpoint: RedisServer;
}

const PROBES = 20;

/** Looks once. @throws RedisServerError where one of them doesn't answer: then nothing can be said */
export async function takeSample({ live, standby, endpoint }: BakeSubjects): Promise<BakeSample> {
  const latencies: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    const begin = performance.now();
    await endpoint.call("PING");
    latencies.push(performance.now() - begin);
  }
  const [info, reached] = await Promise.all([live.info(), standby && reachedOffset(standby)]);
  const commandTimes = await readCommandTimes(live, versionOf(info));
  const errorReplies = info.get("total_error_replies");
  const lag = reached && Math.max(0, replicationStateOf(info).offset - reached.offset);
  return {
    at: performance.now(),
    run: info.get("run_id") ?? "",
    ...(errorReplies === undefined ? {} : { errorReplies: Number(errorReplies) }),
    rejectedConnections: infoNumber(info, "rejected_connections"),
    hits: infoNumber(info, "keyspace_hits"),
    misses: infoNumber(info, "keyspace_misses"),
    usedMemory: countedMemory(info),
    maxMemory: infoNumber(info, "maxmemory"),
    evicts: evictsKeys(info),
    ...(lag === undefined ? {} : { lagBytes: lag }),
    latencies,
    ...(commandTimes === undefined ? {} : { commandTimes }),
  };
}

/** Up to which offset of the live colour's history a standby has come. */
async function reachedOffset(standby: RedisServer): Promise<{ offset: number }> {
  const { role, linkUp, offset } = await standby.replication();
  if (role === "replica") return { offset: linkUp ? offset : -Infinity };
  const progress = (await readGate(standby)).fed?.progress;
  const isCopied = progress === undefined || progress.position.copying;
  return { offset: isCopied ? -Infinity : progress.position.applied.offset };
}
