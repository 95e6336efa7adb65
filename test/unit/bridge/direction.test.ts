import { describe, expect, it } from "vitest";
import { directionOf, isSameDirection, type Direction } from "../../../components/engine/bridge/direction.ts";
import { gateOf, type ServerGate } from "../../../components/engine/bridge/serverGate.ts";
import type { Reply } from "../../../components/engine/verification/replyParser.ts";

const REPLID = "c141cad2650533798f9b2a9f0ba469913484b5ec";
const HANDED_OVER = { replid: REPLID, offset: 77 };
const [LIVE, CLOSED, FED]: ServerGate[] = [
  { fed: false, open: true, offset: 1, skewMs: 0 },
  { fed: false, open: false, offset: 1, skewMs: 0 },
  { fed: true, open: false, handedOver: HANDED_OVER, offset: 1, skewMs: 0 },
];
const DOWN = new Error("10.0.0.7:6379: connect ECONNREFUSED");

describe("the direction", () => {
  it("is to the colour that is fed", () => {
    const fed = { is: "feeding", source: "green", target: "blue", handedOver: HANDED_OVER };
    expect(directionOf({ blue: FED!, green: LIVE! })).toEqual(fed);
    // In the middle of a cutover nobody is open.
    expect(directionOf({ blue: FED!, green: CLOSED! })).toEqual(fed);
    expect(directionOf({ blue: LIVE!, green: { ...CLOSED!, fed: true } })).toEqual({
      is: "feeding",
      source: "blue",
      target: "green",
    });
  });

  it("is none while none is fed; the standby is attached to", () => {
    expect(directionOf({ blue: LIVE!, green: CLOSED! })).toEqual({ is: "armed", source: "green" });
    expect(directionOf({ blue: CLOSED!, green: LIVE! }, "green")).toEqual({ is: "armed", source: "blue" });
    expect(directionOf({ blue: CLOSED!, green: CLOSED! })).toEqual({ is: "armed", source: "blue" });
    expect(directionOf({ blue: CLOSED!, green: CLOSED! }, "green")).toEqual({ is: "armed", source: "green" });
  });

  it("is not known where both are fed or open, or one can't be seen", () => {
    const waits = (reason: string, unseen: boolean): Direction => ({ is: "waiting", reason, unseen });
    expect(directionOf({ blue: FED!, green: FED! })).toEqual(
      waits("both blue and green are to be fed", false),
    );
    expect(directionOf({ blue: LIVE!, green: LIVE! })).toEqual(
      waits("both blue and green are open to clients", false),
    );
    for (const other of [FED!, LIVE!, CLOSED!]) {
      expect(directionOf({ blue: other, green: DOWN })).toEqual(
        waits("green can't be looked at: 10.0.0.7:6379: connect ECONNREFUSED", true),
      );
    }
  });

  it("changes with the target and with its note", () => {
    const feeding = directionOf({ blue: FED!, green: LIVE! });
    const moved = { ...FED!, handedOver: { replid: REPLID, offset: 78 } };
    expect(isSameDirection(feeding, directionOf({ blue: FED!, green: CLOSED! }))).toBe(true);
    expect(isSameDirection(feeding, directionOf({ blue: moved, green: LIVE! }))).toBe(false);
    expect(isSameDirection(feeding, directionOf({ blue: LIVE!, green: FED! }))).toBe(false);
    expect(isSameDirection(feeding, directionOf({ blue: CLOSED!, green: LIVE! }))).toBe(false);
  });
});

describe("a gate", () => {
  const text = (value: string): Buffer => Buffer.from(value);
  const user = (flag: string, keys: Reply): Reply => [
    text("flags"),
    [text(flag), text("nopass")],
    text("passwords"),
    [],
    text("commands"),
    text("-@all +ping +role"),
    text("keys"),
    keys,
  ];
  const MASTER: Reply = [text("master"), 4_711, []];
  const fed = `redis-bluegreen:fed:app`;
  const note = `redis-bluegreen:handed-over:${REPLID}:77`;

  it("is fed by its notes, as a list of 6.0 or a text of 7.0", () => {
    const expected = { fed: true, open: false, handedOver: HANDED_OVER, offset: 4_711 };
    expect(gateOf(user("off", [text(fed), text(note)]), MASTER)).toEqual(expected);
    expect(gateOf(user("off", text(`~${fed} ~${note}`)), MASTER)).toEqual(expected);
    expect(gateOf(user("off", text(`~${fed}`)), MASTER)).toEqual({ fed: true, open: false, offset: 4_711 });
  });

  it("is not fed as a replica, while it is open, or where a cutover did not end", () => {
    const replica: Reply = [text("slave"), text("10.0.0.7"), 6_379, text("connected"), 17];
    expect(gateOf(user("off", text(`~${fed}`)), replica)).toEqual({ fed: false, open: false, offset: 17 });
    expect(gateOf(user("on", text(`~${fed}`)), MASTER)).toMatchObject({ fed: false, open: true });
    expect(gateOf(user("off", text(`~${fed} ~redis-bluegreen:unopened`)), MASTER)).toMatchObject({
      fed: false,
    });
    expect(gateOf(user("off", text("")), MASTER)).toMatchObject({ fed: false, open: false });
    expect(gateOf(null, MASTER)).toEqual({ fed: false, open: false, offset: 4_711 });
  });
});
