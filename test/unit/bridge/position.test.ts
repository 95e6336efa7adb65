import { expect, it } from "vitest";
import {
  formatPosition,
  parsePosition,
  UNKNOWN_DATABASE,
  type Position,
} from "../../../components/engine/bridge/position.ts";
import { startFrom } from "../../../components/engine/bridge/start.ts";
import type { TargetFacts } from "../../../components/engine/bridge/targetLink.ts";

const REPLID = "c141cad2650533798f9b2a9f0ba469913484b5ec";
const OTHER = "d141cad2650533798f9b2a9f0ba469913484b5ec";
const POSITION: Position = {
  replid: REPLID,
  applied: { offset: 2 ** 40, database: 3 },
  confirmed: { offset: 17, database: 15 },
  batches: 12,
  since: `${OTHER}:16`,
  copying: false,
};
const facts = (position: Position | undefined, batches = 12): TargetFacts => ({
  version: { product: "redis", version: "7.0" },
  runId: "this run",
  commands: new Map(),
  databases: 16,
  position,
  batches,
  stale: [],
  unrepresentable: [],
});
const closed = (offset: number, run?: string): Parameters<typeof startFrom>[1] => ({
  handedOver: { replid: OTHER, offset },
  ...(run === undefined ? {} : { run }),
});

it("keeps a position as text", () => {
  for (const position of [
    POSITION,
    { ...POSITION, copying: true, since: "-" },
    { ...POSITION, since: "anew-af01" },
    { ...POSITION, applied: { offset: 17, database: UNKNOWN_DATABASE } },
  ]) {
    expect(parsePosition(formatPosition(position))).toEqual(position);
  }
  expect(parsePosition("somebody's value")).toBeUndefined();
});

it("goes on from the position that belongs to the handover", () => {
  expect(startFrom(facts(POSITION), closed(16))).toMatchObject({
    from: { replid: REPLID, offset: 17 },
    resumed: true,
  });
});

it("copies everything where a transaction was refused and one behind it was not", () => {
  const start = startFrom(facts(POSITION, 11), closed(16));
  expect(start).toMatchObject({ from: undefined, resumed: false, position: { batches: 11 } });
});

it("copies everything where more keys are noted than a bridge can hold", () => {
  const noted = { ...facts(POSITION), stale: undefined };
  expect(startFrom(noted, closed(16))).toMatchObject({ from: undefined, resumed: false });
});

it("takes the handover where the position is older than it, or is none", () => {
  for (const position of [POSITION, undefined]) {
    expect(startFrom(facts(position), closed(99))).toMatchObject({
      from: { replid: OTHER, offset: 99 },
      resumed: false,
    });
  }
});

it("takes the database that the handover names, and none where it names none", () => {
  const named = { handedOver: { replid: OTHER, offset: 99, database: 3 } };
  expect(startFrom(facts(undefined), named).position.confirmed).toEqual({ offset: 99, database: 3 });
  const place = { offset: 99, database: UNKNOWN_DATABASE };
  expect(startFrom(facts(undefined), closed(99)).position).toMatchObject({
    applied: place,
    confirmed: place,
  });
});

it("copies everything where a copy was interrupted, or nothing is known", () => {
  expect(startFrom(facts({ ...POSITION, copying: true }), closed(16)).from).toBeUndefined();
  expect(startFrom(facts(undefined), {}).from).toBeUndefined();
});

it("copies everything once under a word of its own, whatever was noted before", () => {
  const copied = { ...POSITION, since: "anew-af01" };
  expect(startFrom(facts(POSITION), { anew: "af01" })).toMatchObject({ from: undefined, resumed: false });
  expect(startFrom(facts(POSITION), { anew: "af01" }).position.since).toBe(copied.since);
  expect(startFrom(facts(copied), { anew: "af01" }).from).toEqual({ replid: REPLID, offset: 17 });
  expect(startFrom(facts(copied), { anew: "af02" }).from).toBeUndefined();
});

it("takes a handover only in the run of the server in which it was noted, and a position in any", () => {
  expect(startFrom(facts(undefined), closed(16, "this run")).from).toEqual({ replid: OTHER, offset: 16 });
  expect(startFrom(facts(undefined), closed(16, "an earlier run")).from).toBeUndefined();
  expect(startFrom(facts(POSITION), closed(16, "an earlier run")).from).toEqual({
    replid: REPLID,
    offset: 17,
  });
});
