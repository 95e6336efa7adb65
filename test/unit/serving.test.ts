import { describe, expect, it } from "vitest";
import type { Colour } from "../../components/engine/colour.ts";
import {
  situationOf,
  type ObservedColours,
  type Situation,
} from "../../components/engine/cutover/serving.ts";
import type { DeploymentState } from "../../components/engine/deployment.ts";
import type { Gate } from "../../components/engine/gate.ts";

const NO_HISTORY = "0".repeat(40);

/** A server as a value: each step answers with what it does to it, as Redis does. */
interface Model extends Gate {
  role: "master" | "replica";
  replid: string;
  offset: number;
  replid2: string;
  secondOffset: number;
  keys: number;
}

const OPEN: Model = {
  role: "master",
  replid: "B",
  offset: 100,
  replid2: NO_HISTORY,
  secondOffset: -1,
  keys: 10,
  proxyOn: true,
  fenced: false,
  minReplicas: 0,
  replicationUser: true,
  runId: "run",
};

/** The standby at the moment of the hold. */
const STANDBY: Model = { ...OPEN, role: "replica", proxyOn: false, fenced: true };

const promoted = (from: Model, replid = "G"): Model => ({
  ...from,
  role: "master",
  replid,
  replid2: from.replid,
  secondOffset: from.offset + 1,
  unopened: true,
  tookOver: { of: { replid: from.replid, offset: from.offset }, run: from.runId },
});
/** A primary without replicas whose backlog has ended. */
const renamed = (model: Model): Model => ({
  ...model,
  replid: `${model.replid}*`,
  replid2: NO_HISTORY,
  secondOffset: -1,
});
const wrote = (model: Model, bytes = 50): Model => ({ ...model, offset: model.offset + bytes });
/** Held for good and hidden, in memory only. */
const hidden = (model: Model): Model => ({ ...model, proxyOn: false });
const handedOver = (model: Model): Model => ({
  ...hidden(model),
  handedOver: { replid: model.replid, offset: model.offset },
});
const forgotten = (model: Model): Model => {
  const copy = { ...model };
  delete copy.unopened;
  delete copy.handedOver;
  delete copy.tookOver;
  return copy;
};
const opened = (model: Model): Model => ({ ...forgotten(model), proxyOn: true, fenced: false });
const following = (model: Model, leader: Model): Model => ({
  ...forgotten(model),
  role: "replica",
  fenced: true,
  proxyOn: false,
  replid: leader.replid,
  offset: leader.offset,
  replid2: leader.replid2,
  secondOffset: leader.secondOffset,
});
/** A primary that was killed and is back with what its last RDB file held; what is noted and fenced is on its disk. */
const restarted = (model: Model, savedAt = model.offset): Model => ({
  ...model,
  fenced: model.fenced || model.handedOver !== undefined,
  runId: `${model.runId}'`,
  replid: `${model.replid}'`,
  offset: savedAt,
  replid2: model.replid,
  secondOffset: savedAt + 1,
});

function state({ role, replid, offset, replid2, secondOffset, keys, ...gate }: Model): DeploymentState {
  return {
    version: { product: "redis", version: "7.0.15" },
    replication: {
      role,
      replid,
      offset,
      replid2,
      secondOffset,
      linkUp: role === "replica",
      syncInProgress: false,
      replicas: [],
    },
    gate,
    keys,
  };
}

function observed(blue: Model | undefined, green: Model | undefined): ObservedColours {
  return { ...(blue && { blue: state(blue) }), ...(green && { green: state(green) }) };
}

const serving = (colour: Colour): Situation => ({ kind: "serving", colour });
const reopen = (from: Colour): Situation => ({ kind: "reopen", from });
const FINISH: Situation = { kind: "finish", from: "blue", to: "green" };

const NEXT = promoted(STANDBY);
const CLOSED = handedOver(OPEN);

/** A cutover from blue to green whose driver died, with what the servers did by themselves until somebody looked. */
const CRASHES: [name: string, blue: Model, green: Model, expected: Situation][] = [
  ["before the hold", OPEN, STANDBY, serving("blue")],
  ["while writes were held", OPEN, STANDBY, serving("blue")],
  ["after the hold had ended and clients wrote", wrote(OPEN), wrote(STANDBY), serving("blue")],
  ["after the promotion", OPEN, NEXT, serving("blue")],
  ["after the promotion, and clients wrote", wrote(OPEN), NEXT, serving("blue")],
  ["after the promotion, and keys expired on green", wrote(OPEN), wrote(NEXT), serving("blue")],
  ["held for good, not verified, nothing written", hidden(OPEN), NEXT, FINISH],
  ["held for good, clients had written", hidden(wrote(OPEN)), NEXT, reopen("blue")],
  ["the same, and keys expired on green", hidden(wrote(OPEN)), wrote(NEXT), reopen("blue")],
  ["handed over", CLOSED, NEXT, FINISH],
  ["handed over, and keys expired on green", CLOSED, wrote(NEXT), FINISH],
  ["handed over, and nobody came for an hour", renamed(CLOSED), wrote(renamed(NEXT)), FINISH],
  [
    "handed over, green back with less, and nobody came for an hour",
    CLOSED,
    renamed(restarted(NEXT, 20)),
    { ...FINISH, ifEqual: true },
  ],
  ["handed over, blue back with all", restarted(CLOSED), NEXT, FINISH],
  ["handed over, blue back with less", restarted(CLOSED, 20), wrote(NEXT), FINISH],
  ["handed over, blue back, keys expired on both", wrote(restarted(CLOSED)), wrote(NEXT), FINISH],
  ["handed over, green back with less", CLOSED, { ...restarted(NEXT, 20), replid2: "B" }, reopen("blue")],
  ["handed over, green back as a replica of blue", CLOSED, STANDBY, reopen("blue")],
  [
    "handed over, green back with a history of its own",
    CLOSED,
    restarted(NEXT),
    { ...FINISH, ifEqual: true },
  ],
  [
    "handed over, both back with histories of their own",
    restarted(CLOSED),
    restarted(NEXT),
    { ...FINISH, ifEqual: true },
  ],
  [
    "handed over, both back with less",
    restarted(CLOSED, 20),
    restarted(NEXT, 20),
    { ...FINISH, ifEqual: true },
  ],
  ["held for good, not promoted", hidden(OPEN), STANDBY, reopen("blue")],
  ["green opened", CLOSED, opened(NEXT), serving("green")],
  ["green opened and written to", CLOSED, wrote(opened(NEXT)), serving("green")],
  ["green opened, blue back with less", restarted(CLOSED, 20), wrote(opened(NEXT)), serving("green")],
  ["blue follows green", following(CLOSED, opened(NEXT)), opened(NEXT), serving("green")],
  ["blue follows green, which was closed by hand", following(CLOSED, NEXT), NEXT, reopen("green")],
  ["6.0: closed with the hold", { ...OPEN, proxyOn: false, fenced: true }, STANDBY, reopen("blue")],
  ["6.0: closed with the hold, green promoted", { ...OPEN, proxyOn: false, fenced: true }, NEXT, FINISH],
];

describe("what is told from the servers after a driver died", () => {
  it.each(CRASHES)("%s", (_, blue, green, expected) => {
    expect(situationOf(observed(blue, green), "green")).toEqual(expected);
  });

  it.each(CRASHES)("%s, on the way from green to blue", (_, blue, green, expected) => {
    const swap = (colour: Colour): Colour => (colour === "blue" ? "green" : "blue");
    const mirrored: Situation =
      expected.kind === "serving"
        ? serving(swap(expected.colour))
        : expected.kind === "reopen"
          ? reopen(swap(expected.from))
          : { ...expected, from: "green", to: "blue" };
    expect(situationOf(observed(green, blue), "blue")).toEqual(mirrored);
  });

  it.each(CRASHES)("%s: the colour that is wanted now makes no difference", (_, blue, green, expected) => {
    expect(situationOf(observed(blue, green), "blue")).toEqual(expected);
  });
});

/** Green is fed by the bridge, which has brought it to an offset of blue's history. */
const fed = (offset: number | undefined, change: Partial<Model> = {}): Model => {
  const place = { offset: offset ?? 0, database: 0 };
  const position = { replid: "B", applied: place, confirmed: place, batches: 1, since: "-", copying: false };
  return {
    ...OPEN,
    replid: "G",
    proxyOn: false,
    fed: {
      applicationUser: "default",
      lastDatabase: 15,
      limit: { policy: "allkeys-lru", bytes: "1024" },
      version: { product: "redis", version: "7.0.15" },
      own: { replid: "G", offset: 100 },
      ...(offset === undefined ? {} : { progress: { position, staleKeys: 0, unrepresentable: 0 } }),
    },
    ...change,
  };
};

describe("what is told from the servers after a driver died, where the bridge feeds green", () => {
  const ALL = fed(OPEN.offset, { unopened: true });
  /** Green had handed over to it, and notes since then where the bridge began. */
  const FROM_GREEN: Model = { ...OPEN, replid2: "G0", secondOffset: 51 };
  const PLACE = { handedOver: { replid: "G0", offset: 50 } };

  it.each([
    ["before the hold", OPEN, fed(90), serving("blue")],
    ["after the promotion", OPEN, ALL, serving("blue")],
    ["held for good, not verified", hidden(OPEN), ALL, reopen("blue")],
    ["6.0: closed with the hold", { ...hidden(OPEN), fenced: true }, fed(90), reopen("blue")],
    ["held for good, blue from green once", hidden(FROM_GREEN), fed(90, PLACE), reopen("blue")],
    ["promoted, blue from green once", hidden(FROM_GREEN), { ...ALL, ...PLACE }, reopen("blue")],
    ["handed over", CLOSED, ALL, FINISH],
    ["handed over, blue back with less", restarted(CLOSED, 20), ALL, FINISH],
    ["handed over, green back with less", CLOSED, fed(20, { unopened: true }), reopen("blue")],
    ["green opened", CLOSED, { ...OPEN, replid: "G" }, serving("green")],
    ["green opened, blue fed", fed(100), { ...OPEN, replid: "G" }, serving("green")],
    ["nothing was ever open, the bridge has not begun", hidden(OPEN), fed(undefined), reopen("blue")],
  ] as const)("%s", (_, blue, green, expected) => {
    expect(situationOf(observed(blue, green), "green")).toEqual(expected);
  });

  it.each([
    ["both back with less", restarted(CLOSED, 20), fed(20, { unopened: true })],
    [
      "clients were let in on green, and its note of that is lost",
      CLOSED,
      fed(undefined, { unopened: true }),
    ],
  ])("refuses %s", (_, blue, green) => {
    expect(() => situationOf(observed(blue, green), "green")).toThrow(
      /don't tell which one holds the last write.*resetkeys on, on green also ACL SETUSER default on, ACL SETUSER redis-bluegreen-bridge off, CONFIG SET maxmemory-policy allkeys-lru, CONFIG SET maxmemory 1024, CONFIG REWRITE/,
    );
  });
});

describe("servers that were never used", () => {
  const born: Model = { ...OPEN, proxyOn: false, fenced: true, keys: 0, offset: 0 };

  it.each([
    ["one", observed(born, undefined), "blue", reopen("blue")],
    [
      "two empty ones: the one that is wanted",
      observed(born, { ...born, replid: "G" }),
      "green",
      reopen("green"),
    ],
    ["one with data", observed({ ...born, keys: 5 }, undefined), "blue", reopen("blue")],
    [
      "an existing server with data, which nobody has fenced",
      observed({ ...born, fenced: false, keys: 5 }, { ...born, replid: "G" }),
      "green",
      reopen("blue"),
    ],
  ] as const)("%s", (_, colours, wanted, expected) => {
    expect(situationOf(colours, wanted)).toEqual(expected);
  });
});

describe("servers that contradict each other", () => {
  it("refuses two open ones", () => {
    expect(() => situationOf(observed(OPEN, opened(NEXT)), "green")).toThrow(/both colours take writes/);
  });

  it.each([
    [
      "one that was left behind, beside a live one that lost its volume",
      { ...hidden(OPEN), fenced: true, keys: 5 },
      { ...hidden(OPEN), fenced: true, keys: 0, replid: "N" },
    ],
    [
      "one that an update has left behind, not yet fenced, beside the one that it opened, which lost its volume",
      { ...handedOver({ ...OPEN, keys: 5 }), leftBehind: true },
      { ...hidden(OPEN), fenced: true, keys: 0, offset: 0, replid: "N" },
    ],
    [
      "the same where the cutover's own update died after the opening",
      handedOver({ ...OPEN, keys: 5 }),
      { ...hidden(OPEN), fenced: true, keys: 0, offset: 0, replid: "N" },
    ],
    ["two closed ones that never met", hidden(OPEN), { ...hidden(OPEN), replid: "G" }],
    ["a green that was opened and closed by hand", hidden(wrote(OPEN)), hidden(wrote(opened(NEXT)))],
    ["a live one that lost its volume, and its standby", { ...hidden(OPEN), keys: 0, replid: "N" }, STANDBY],
  ])("refuses %s", (_, blue, green) => {
    expect(() => situationOf(observed(blue, green), "green")).toThrow(
      /don't tell which one holds the last write/,
    );
  });
});
