import { expect, it } from "vitest";
import { holdsUpTo, progressIn } from "../../components/engine/fed.ts";
import { placeIn } from "../../components/engine/feed.ts";
import { handedOverNotes, handoverIn } from "../../components/engine/handover.ts";
import { closedPrimary } from "../support/closedPrimary.ts";

/** Blue was live up to offset 100 of history B; green took over and has written since. */
const GREEN = closedPrimary({ replid: "G", offset: 500, replid2: "B", secondOffset: 101 }, { proxyOn: true });
const HANDED_OVER = { replid: "B", offset: 100 };

it("goes on where the old colour was closed", () => {
  const blue = closedPrimary({ replid: "B", offset: 100 }, { handedOver: HANDED_OVER });
  expect(placeIn(GREEN, blue)).toEqual(HANDED_OVER);
  const expiring = closedPrimary({ replid: "B", offset: 130 }, { handedOver: HANDED_OVER });
  expect(placeIn(GREEN, expiring)).toEqual(HANDED_OVER);
});

it("trusts no note of another run, and none of another history", () => {
  const restarted = closedPrimary({ replid: "B'", offset: 80, replid2: "B" }, { handedOver: HANDED_OVER });
  expect(placeIn(GREEN, restarted)).toBeUndefined();
  const elsewhere = closedPrimary({ replid: "B", offset: 90 }, { handedOver: { replid: "B", offset: 90 } });
  expect(placeIn(GREEN, elsewhere)).toBeUndefined();
  expect(placeIn(GREEN, closedPrimary({ replid: "B", offset: 100 }))).toBeUndefined();
});

it("takes the other one's note before 6.2, which can't make one, where nothing is missing", () => {
  const green = { ...GREEN, gate: { ...GREEN.gate, tookOver: { of: HANDED_OVER } } };
  expect(placeIn(green, closedPrimary({ replid: "B", offset: 114 }, {}, "6.0"))).toEqual(HANDED_OVER);
  expect(placeIn(green, closedPrimary({ replid: "B", offset: 99 }, {}, "6.0"))).toBeUndefined();
  expect(placeIn(GREEN, closedPrimary({ replid: "B", offset: 114 }, {}, "6.0"))).toBeUndefined();
  const fromOlderFile = { ...green, replication: { ...green.replication, offset: 80, secondOffset: 81 } };
  expect(placeIn(fromOlderFile, closedPrimary({ replid: "B", offset: 114 }, {}, "6.0"))).toBeUndefined();
});

it("goes on from where a replica was cut off", () => {
  const cut = closedPrimary({ replid: "N", offset: 480, replid2: "G", secondOffset: 481 });
  expect(placeIn(GREEN, cut)).toEqual({ replid: "G", offset: 480 });
  expect(placeIn(GREEN, cut, 3)).toEqual({ replid: "G", offset: 480, database: 3 });
  const written = closedPrimary({ replid: "N", offset: 490, replid2: "G", secondOffset: 481 });
  expect(placeIn(GREEN, written)).toBeUndefined();
});

it("notes a place with its database where that is known", () => {
  for (const place of [HANDED_OVER, { ...HANDED_OVER, database: 0 }, { ...HANDED_OVER, database: 3 }]) {
    expect(handoverIn(handedOverNotes(place))).toEqual(place);
  }
  expect(handoverIn([])).toBeUndefined();
});

it("goes on in the other direction from where a fed colour was opened", () => {
  const of = { replid: "G", offset: 500 };
  const blue = closedPrimary(
    { replid: "B2", offset: 900 },
    { proxyOn: true, tookOver: { of, at: { replid: "B2", offset: 700 } } },
  );
  const green = closedPrimary({ replid: "G", offset: 500 }, { handedOver: of });
  expect(placeIn(blue, green)).toEqual({ replid: "B2", offset: 700 });
  const restartedBlue = { ...blue, replication: { ...blue.replication, replid: "B3" } };
  expect(placeIn(restartedBlue, green)).toBeUndefined();
  expect(placeIn(blue, closedPrimary({ replid: "G'", offset: 400 }, { handedOver: of }))).toBeUndefined();
});

it("goes on so where the opened colour was the other one's replica an earlier time", () => {
  const of = { replid: "B", offset: 900 };
  const at = { replid: "G", offset: 700 };
  const green = { ...GREEN, replication: { ...GREEN.replication, offset: 750 } };
  const opened = { ...green, gate: { ...green.gate, tookOver: { of, at } } };
  expect(placeIn(opened, closedPrimary({ replid: "B", offset: 900 }, { handedOver: of }))).toEqual(at);
  const elsewhere = closedPrimary({ replid: "B", offset: 900 }, { handedOver: { replid: "B", offset: 890 } });
  expect(placeIn(opened, elsewhere)).toBeUndefined();
  expect(placeIn(opened, closedPrimary({ replid: "B", offset: 900 }))).toBeUndefined();
});

it("keeps the note of a feeding that a cutover interrupted, once the bridge has begun", () => {
  const place = { offset: 100, database: 0 };
  const position = {
    replid: "G",
    applied: place,
    confirmed: place,
    batches: 1,
    since: "B:100",
    copying: false,
  };
  const fed = {
    applicationUser: "default",
    lastDatabase: 15,
    version: { product: "redis" as const, version: "6.0" },
    own: { replid: "B", offset: 1 },
  };
  const begun = { ...fed, progress: { position, staleKeys: 0, unrepresentable: 0 } };
  expect(placeIn(GREEN, closedPrimary({}, { fed: begun, handedOver: HANDED_OVER }))).toEqual(HANDED_OVER);
  expect(placeIn(GREEN, closedPrimary({}, { fed, handedOver: HANDED_OVER }))).toBeUndefined();
});

it("takes a target for whole only where every transaction took effect that its position counts", () => {
  const replid = "c141cad2650533798f9b2a9f0ba469913484b5ec";
  const position = `${replid}:100:0:100:0:12:0:-`;
  const info = "role:master\r\nmaster_replid:own\r\nmaster_repl_offset:7\r\n";
  const holds = (batches: string): boolean =>
    holdsUpTo(progressIn(["OK", position, batches, 0, 0, "OK", info]), { replid, offset: 100 });
  expect(holds("12")).toBe(true);
  expect(holds("11")).toBe(false);
});
