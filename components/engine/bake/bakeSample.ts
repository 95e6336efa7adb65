import { infoNumber } from "../infoReply.ts";
import { replicationStateOf, type RedisServer } from "../redisServer.ts";

/** One look at a baking colour. Counters count from the server's start. */
export interface BakeSample {
  /** On this process's monotonic clock, in milliseconds. */
  at: number;
  /** Absent where the server doesn't count them (before 6.2). */
  errorReplies?: number;
  rejectedConnections: number;
  hits: number;
  misses: number;
  usedMemory: number;
  /** 0: no limit. */
  maxMemory: number;
  /** How far the standby is behind, in bytes; infinite while its link is down; absent where it isn't to follow. */
  lagBytes?: number;
  /** Of each PING through the endpoint, in milliseconds. */
  latencies: number[];
}

/** What is looked at. */
export interface BakeSubjects {
  live: RedisServer;
  /** The old colour, where it follows the live one. */
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
  const [info, follower] = await Promise.all([live.info(), standby?.replication()]);
  const errorReplies = info.get("total_error_replies");
  const offset = replicationStateOf(info).offset;
  const lag = follower && (follower.linkUp ? Math.max(0, offset - follower.offset) : Infinity);
  return {
    at: performance.now(),
    ...(errorReplies === undefined ? {} : { errorReplies: Number(errorReplies) }),
    rejectedConnections: infoNumber(info, "rejected_connections"),
    hits: infoNumber(info, "keyspace_hits"),
    misses: infoNumber(info, "keyspace_misses"),
    usedMemory: infoNumber(info, "used_memory"),
    maxMemory: infoNumber(info, "maxmemory"),
    ...(lag === undefined ? {} : { lagBytes: lag }),
    latencies,
  };
}
