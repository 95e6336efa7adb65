import { expect, it } from "vitest";
import type { DeploymentState } from "../../components/engine/deployment.ts";
import { followRefusal } from "../../components/engine/replicationLink.ts";
import { closedPrimary, type History } from "../support/closedPrimary.ts";

/** Green was live up to offset 500 of history G; blue, which the bridge had fed, took over at 700 of its own one. */
const OF = { replid: "G", offset: 500 };
const TOOK_OVER = { proxyOn: true, tookOver: { of: OF, at: { replid: "B", offset: 700 } } };
const GREEN = closedPrimary({ replid: "G", offset: 500 }, { handedOver: OF });

function refusal(
  blue: Partial<History>,
  gate: Partial<DeploymentState["gate"]> = TOOK_OVER,
  green = GREEN,
  translated = false,
): string | undefined {
  const live = { colour: "blue" as const, state: closedPrimary(blue, gate) };
  const standby = { colour: "green" as const, state: green };
  return followRefusal(live, standby, { reseed: false, pathPrefix: "", translated });
}

it("a colour that handed over to the live one may be copied over", () => {
  expect(refusal({ replid: "B", offset: 900 })).toBeUndefined();
});

it("it may be after a restart of the live one that has everything still, and not after one that went back behind it", () => {
  expect(refusal({ replid: "B2", offset: 800, replid2: "B", secondOffset: 801 })).toBeUndefined();
  const behind = { replid: "B2", offset: 650, replid2: "B", secondOffset: 651 };
  expect(refusal(behind)).toContain("green holds 3 keys that a full copy from blue would overwrite");
  expect(refusal({ replid: "B2", offset: 0 })).toContain("would overwrite");
});

it("it may be while the live one runs, whatever its history is called by now", () => {
  const noted = { ...TOOK_OVER, tookOver: { ...TOOK_OVER.tookOver, run: "run" } };
  expect(refusal({ replid: "B2", offset: 900 }, noted)).toBeUndefined();
  expect(refusal({ replid: "B2", offset: 900 }, { ...noted, runId: "another" })).toContain("would overwrite");
  // Somebody had it follow another server.
  expect(refusal({ replid: "X", offset: 300 }, noted)).toContain("would overwrite");
});

it("so may one that was restarted since, behind a colour that was its replica, as long as that was not", () => {
  const tookOver = { proxyOn: true, tookOver: { of: OF } };
  const restarted = closedPrimary({ replid: "G2", offset: 0 }, { handedOver: OF });
  const promoted = { replid: "B", offset: 900, replid2: "G", secondOffset: 501 };
  expect(refusal(promoted, tookOver, restarted)).toBeUndefined();
  const fromOlderFile = { ...promoted, replid: "B2", offset: 450, secondOffset: 451 };
  expect(refusal(fromOlderFile, tookOver, restarted)).toContain("would overwrite");
  expect(refusal(promoted, { proxyOn: true }, restarted)).toContain("would overwrite");
});

it("one older than 6.2, which can't have a note, may be copied over while the one that took over runs", () => {
  const tookOver = { proxyOn: true, tookOver: { of: OF, run: "run" } };
  const restarted = { ...tookOver, runId: "another" };
  const found = (gate: typeof tookOver, offset: number, version: string): string | undefined => {
    const standby = closedPrimary({ replid: "G", offset }, {}, version);
    return refusal({ replid: "B2", offset: 900 }, gate, standby, true);
  };
  expect(found(tookOver, 520, "6.0")).toBeUndefined();
  expect(found(tookOver, 480, "6.0")).toContain("would overwrite");
  expect(found(tookOver, 520, "7.0")).toContain("would overwrite");
  expect(found(restarted, 520, "6.0")).toContain("would overwrite");
});
