import { randomUUID } from "node:crypto";
import type { Credentials } from "./credentials.ts";
import { observeDeployment, type Deployment, type DeploymentState } from "./deployment.ts";
import { disarmTripwire, keepClosed, unfollow } from "./follow.ts";
import type { MemoryLimit } from "./fed.ts";
import { allowReplication, feedCommands, isFed, readGate } from "./gate.ts";
import { isSame, wasTakenOver, type Handover } from "./handover.ts";
import { unpauseCommands } from "./pause.ts";
import type { RedisServer } from "./redisServer.ts";
import { setRaised } from "./selfDescribing.ts";

/**
 * Has the bridge feed the standby with what the live colour takes, and makes that last: the standby becomes a primary
 * that takes writes from the bridge alone. It goes on where the standby's data is in the live colour's history; where
 * that can't be told, the bridge copies every key, without emptying the standby first.
 * @param anew copy every key in any case, since the standby's data has drifted
 */
export async function feed(
  standby: Deployment,
  live: Deployment,
  credentials: Credentials,
  anew = false,
): Promise<void> {
  const { primary } = standby;
  await disarmTripwire(live);
  await allowReplication(live.primary);
  const isReplica = (await primary.replication()).role === "replica";
  const leftIn = isReplica ? await unfollow(standby) : undefined;
  if (!isReplica && anew && isFed(await readGate(primary))) await keepClosed(standby);
  const [ahead, found] = await Promise.all([observeDeployment(live), observeDeployment(standby)]);
  if (isFed(found.gate)) return;
  const place = anew ? { anew: randomUUID() } : placeIn(ahead, found, leftIn);
  // After an abandoned cutover to it both are as feeding needs them still.
  const before = found.gate.fed ?? {
    applicationUser: credentials.application.username,
    limit: await memoryLimitOf(primary),
  };
  await primary.transaction(
    ...feedCommands(found.gate, found.version, before, place),
    ...unpauseCommands(found.version.version),
  );
  await finishFeeding(standby);
}

/** What follows once the bridge may write, also where the update that let it died, or failed, before this. */
export async function finishFeeding({ primary }: Deployment): Promise<void> {
  await setRaised(primary, "repl-ping-replica-period", false);
  await primary.configRewrite();
}

async function memoryLimitOf(server: RedisServer): Promise<MemoryLimit> {
  const config = await server.configGet("maxmemory-policy", "maxmemory");
  return { policy: config.get("maxmemory-policy") ?? "noeviction", bytes: config.get("maxmemory") ?? "0" };
}

/**
 * Where in the live colour's history the standby's data is; undefined where that can't be told. A standby that restarted
 * has another replication ID, and maybe older data than its notes say.
 * @param leftIn the database that the live colour's stream was in where the standby was cut off from it a moment ago
 */
export function placeIn(
  live: Pick<DeploymentState, "replication" | "gate">,
  standby: Pick<DeploymentState, "replication" | "gate" | "version">,
  leftIn?: number,
): Handover | undefined {
  const [ahead, behind] = [live.replication, standby.replication];
  const { handedOver } = standby.gate;
  const { tookOver } = live.gate;
  // A cutover to it was abandoned: what the bridge noted in its data counts, and belongs to this note.
  if (standby.gate.fed !== undefined) return standby.gate.fed.progress && handedOver;
  // It was the live colour's replica until now, and nothing but this project could write since.
  const left = behind.replid2 === ahead.replid && behind.offset + 1 === behind.secondOffset;
  if (left) {
    const place = { replid: ahead.replid, offset: behind.offset };
    return leftIn === undefined ? place : { ...place, database: leftIn };
  }
  const ended = { replid: ahead.replid2, offset: ahead.secondOffset - 1 };
  // One of both has noted the end. A live one that came back from an older file of this history ends it elsewhere; and the
  // standby may have been closed once more since, by a cutover to a colour that the bridge fed.
  const isNoted = handedOver !== undefined || isSame(tookOver?.of, ended);
  if (isNoted && behind.replid === ended.replid && wasTakenOver(standby, ended)) return ended;
  if (tookOver?.at?.replid !== ahead.replid) return undefined;
  const isEnd = handedOver?.replid === behind.replid && isSame(handedOver, tookOver.of);
  // What it wrote last before was the bridge's, or the expiry of a key in whichever database.
  return isEnd ? tookOver.at : undefined;
}
