import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { readGate } from "../../components/engine/gate.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import {
  compareDatasets,
  type DatasetComparison,
} from "../../components/engine/verification/compareDatasets.ts";
import type { TestStack } from "./testStack.ts";

/** How long keys are looked at again that clients write to meanwhile. Milliseconds. */
const SETTLE_MS = 120_000;

/** How far a standby is in the live colour's history, by its link or by the bridge. */
export interface StandbyPlace {
  replid: string;
  offset: number;
  by: "link" | "bridge";
}

/** Where a standby is; undefined while its link is down, or the bridge is still copying. */
export async function placeOf(standby: RedisServer): Promise<StandbyPlace | undefined> {
  const { role, linkUp, replid, offset } = await standby.replication();
  if (role === "replica") return linkUp ? { replid, offset, by: "link" } : undefined;
  const position = (await readGate(standby)).fed?.progress?.position;
  if (position === undefined || position.copying) return undefined;
  return { replid: position.replid, offset: position.applied.offset, by: "bridge" };
}

/** Waits until the standby has every byte that the live colour has now, and compares every key. */
export async function compareStandby(
  stack: TestStack,
  live: Colour,
  timeoutMs = 60_000,
): Promise<DatasetComparison> {
  return stack.withServer(live, (source) =>
    stack.withServer(otherColour(live), async (standby) => {
      const goal = (await source.replication()).offset;
      const applied = async (): Promise<number> => (await placeOf(standby))?.offset ?? 0;
      const by = await until(
        async () => {
          const place = await placeOf(standby);
          return place !== undefined && place.offset >= goal ? place.by : undefined;
        },
        { timeoutMs, intervalMs: 20, what: "the standby has every byte" },
      );
      return compareDatasets(source, standby, {
        keys: "all",
        settleTimeoutMs: SETTLE_MS,
        ...(by === "bridge" ? { appliedOffset: applied } : {}),
      });
    }),
  );
}
