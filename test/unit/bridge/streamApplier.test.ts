import { beforeEach, describe, expect, it } from "vitest";
import { encodeCommand, type Word } from "../../../components/engine/bridge/encode.ts";
import type { StreamApplier } from "../../../components/engine/bridge/streamApplier.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { UNKNOWN_DATABASE } from "../../../components/engine/bridge/position.ts";
import { makeApplier, Sink, START } from "./applierScene.ts";

it.each([
  ["SWAPDB", ["SWAPDB", 0, 1], ["no answer to SWAPDB was seen"]],
  ["FLUSHALL", ["FLUSHALL"], []],
])("has everything copied where the answer to %s is lost and it matters", (_, words, expected) => {
  const restarts: string[] = [];
  const [parser, sink] = [new StreamParser(), new Sink()];
  const bytes = encodeCommand(words);
  const begun = { offset: START.applied.offset, database: 0 };
  const position = { ...START, confirmed: begun, applied: { ...begun, offset: begun.offset + bytes.length } };
  const onRestart = (reason: string): void => void restarts.push(reason);
  const applier = makeApplier(parser, sink, () => undefined, { position, onRestart });
  parser.push(bytes);
  applier.pump();
  expect(restarts).toEqual(expected);
});

describe("the applier", () => {
  let sink: Sink;
  let parser: StreamParser;
  let applier: StreamApplier;
  let answer: (keys: Buffer[]) => void;
  let read: number;
  const take = (...commands: Word[][]): void => {
    const bytes = Buffer.concat(commands.map((words) => encodeCommand(words)));
    read += bytes.length;
    parser.push(bytes);
    applier.pump();
  };
  /** The answers to everything that was sent are there. */
  const confirm = (): void => {
    sink.inFlight = 0;
    const end = sink.sent.at(-1)?.end;
    if (end !== undefined) applier.confirmed = end;
  };

  beforeEach(() => {
    sink = new Sink();
    parser = new StreamParser();
    read = 100;
    applier = makeApplier(parser, sink, (resolve) => (answer = resolve));
  });

  it("notes where it is after the last answer, also where nothing was applied", () => {
    expect(applier.unsettled).toBe(false);
    take(["SET", "a", "1"]);
    expect(applier.unsettled).toBe(true);
    confirm();
    expect(applier.unsettled).toBe(true);
    applier.flush(true);
    expect(sink.position()).toMatchObject({ applied: { offset: read }, confirmed: { offset: read } });
    confirm();
    expect(applier.unsettled).toBe(false);
    take(["PING"]);
    expect(sink.sent).toHaveLength(2);
    applier.flush(true);
    expect(sink.position()).toMatchObject({ applied: { offset: read } });
    confirm();
    expect(applier.unsettled).toBe(false);
  });

  it("isn't clear inside a transaction of which nothing was to be applied so far", () => {
    applier.spoil([{ atLeast: 1, database: 0, keys: [Buffer.from("a")] }]);
    take(["MULTI"], ["INCR", "a"]);
    expect(applier.clear()).toBe(false);
    take(["EXEC"]);
    expect(applier.clear()).toBe(true);
  });

  it("does what deals with each key by itself for those that aren't copied again", () => {
    applier.spoil([{ atLeast: 1, database: 0, keys: [Buffer.from("a")] }]);
    take(["DEL", "a", "b"], ["MSET", "b", "1", "a", "2", "c", "3"], ["DEL", "a", "a"]);
    applier.flush(true);
    expect(sink.commands().filter((text) => /^(DEL|MSET)/.test(text))).toEqual(["DEL b", "MSET b 1 c 3"]);
    expect(applier.parts.stale.size).toBe(1);
    expect(applier.parts.stale.find(0, Buffer.from("a"))).toMatchObject({ copiedAt: 0, touchedAt: read });
  });

  it("never says that it is inside a transaction", () => {
    take(["MULTI"], ["INCR", "a"]);
    expect(applier.unsettled).toBe(false);
    applier.flush(true);
    expect(sink.sent).toEqual([]);
    take(["INCR", "b"], ["EXEC"]);
    expect(sink.commands()).toEqual(["SELECT 0", "INCR a", "INCR b"]);
    expect(sink.position()).toMatchObject({ applied: { offset: read } });
  });

  it("leaves out what the source once noted of itself, in any database", () => {
    const own = ["position", "batches", "stale", "unrepresentable"].map((name) => `redis-bluegreen:${name}`);
    take(["MULTI"], ["SELECT", 15], ["DEL", ...own], ["SELECT", 0], ["EXEC"]);
    take(["SET", "redis-bluegreen:position", "x"], ["INCR", "redis-bluegreen:batches"]);
    take(["SET", "redis-bluegreen:probe", "theirs"], ["SET", "redis", "theirs"]);
    expect(sink.commands().filter((text) => !text.startsWith("SELECT"))).toEqual([
      "SET redis-bluegreen:probe theirs",
      "SET redis theirs",
    ]);
    expect(applier.place.offset).toBe(read);
    expect(applier.parts.figures.dropped).toBe(3);
  });

  it("doesn't pass a command whose keys it asks for", async () => {
    take(["SET", "a", "1"]);
    const before = read;
    take(["MYSTERY", "key"], ["SET", "b", "1"]);
    sink.inFlight = 0;
    applier.flush(true);
    expect(applier.unsettled).toBe(false);
    expect(applier.clear()).toBe(false);
    expect(sink.position()).toMatchObject({ applied: { offset: before } });
    answer([Buffer.from("key")]);
    await Promise.resolve();
    await Promise.resolve();
    expect(sink.position()).toMatchObject({ applied: { offset: read } });
    expect(applier.parts.stale.find(0, Buffer.from("key"))).toBeDefined();
  });

  it("names what a key was copied with, whatever the stream before that place does to it", () => {
    const { stale, unrepresentable } = applier.parts;
    const key = Buffer.from("h");
    stale.copied(stale.add(0, key, read), read + 1_000);
    unrepresentable.add("hash-field-expiry", 0, key);
    take(["DEL", "h"], ["SET", "h", "1"]);
    expect(Object.keys(unrepresentable.summary())).toEqual(["hash-field-expiry"]);
    expect(sink.commands().filter((text) => /DEL|SET h/.test(text))).toEqual([]);
    stale.passed(read + 1_000);
    take(["DEL", "h"]);
    expect(unrepresentable.summary()).toEqual({});
  });

  it("copies a key again that carries what the target can't hold", () => {
    const { stale, unrepresentable } = applier.parts;
    unrepresentable.add("hash-field-expiry", 0, Buffer.from("h"));
    take(["RENAME", "a", "b"]);
    expect(stale.size).toBe(0);
    take(["RENAME", "h", "to"], ["RENAME", "c", "h"]);
    for (const name of ["h", "to", "c"]) expect(stale.find(0, Buffer.from(name))).toBeDefined();
    unrepresentable.add("refused:OOM", 0, Buffer.from("set"));
    take(["SUNIONSTORE", "union", "other", "set"]);
    for (const name of ["union", "other", "set"]) expect(stale.find(0, Buffer.from(name))).toBeDefined();
  });

  it("keeps no large transaction, and still ends it as one", () => {
    take(["MULTI"]);
    for (let i = 0; i < 30; i++) {
      take(...Array.from({ length: 1_000 }, (_, k) => ["SET", `key:${k}`, "v".repeat(200)]));
    }
    expect(sink.sent).toEqual([]);
    expect(sink.begun).toBe(3);
    const kept = applier.batch?.pieces.reduce((sum, piece) => sum + piece.length, 0) ?? 0;
    expect(kept).toBeLessThan(3 * 1024 * 1024);
    take(["INCR", "a"], ["EXEC"]);
    expect(sink.sent).toHaveLength(1);
    // SELECT before them, SELECT and the two notes of the position behind them.
    expect(sink.sent[0]?.commands).toBe(30_000 + 5);
    expect([...(sink.sent[0]?.encoded() ?? [])][0]?.toString()).not.toContain("MULTI");
  });

  describe("gets more than it can hold", () => {
    let restarts: string[];
    const many = (words: (key: string) => Word[]): Word[][] =>
      Array.from({ length: 1_000 }, (_, i) => words(`key:${read}:${i}`));

    beforeEach(() => {
      restarts = [];
      applier = makeApplier(parser, sink, () => undefined, {
        keysOf: (_, words) => words.slice(1, 2),
        onRestart: (reason) => {
          restarts.push(reason);
          applier.note({ copying: true });
        },
      });
    });

    it("of answers that have to be looked at in one transaction", () => {
      take(["MULTI"]);
      for (let i = 0; i < 200; i++) take(...many((key) => ["PERSIST", key]));
      expect(restarts).toEqual(["a transaction has more that must be looked at than the bridge can hold"]);
      expect(sink.position()).toMatchObject({ copying: true });
      expect(sink.sent[0]?.commands).toBeLessThan(60_000);
      expect([sink.sent.length, applier.batch, applier.blocked]).toEqual([1, undefined, true]);
    });

    it("of keys that have to be copied", () => {
      const { stale } = applier.parts;
      for (let i = 0; i < 200; i++) take(...many((key) => ["MYSTERY", key]));
      expect(restarts).toEqual([
        "more keys have to be copied, or are ahead of the stream, than the bridge can hold",
      ]);
      expect(sink.position()).toMatchObject({ copying: true });
      expect(stale.size).toBeLessThan(60_000);
      expect(applier.blocked).toBe(true);
    });
  });

  describe("where the database isn't known that the stream is in", () => {
    let restarts: string[];

    beforeEach(() => {
      const place = { offset: 100, database: UNKNOWN_DATABASE };
      restarts = [];
      applier = makeApplier(parser, sink, () => undefined, {
        position: { ...START, applied: place, confirmed: place },
        onRestart: (reason) => {
          restarts.push(reason);
          applier.note({ copying: true });
        },
      });
    });

    it("applies nothing before the stream names one, and has everything copied where data comes first", () => {
      take(["MULTI"], ["SET", "a", "1"], ["EXEC"], ["SELECT", "3"], ["SET", "b", "1"]);
      expect(restarts).toEqual(["the stream goes on in a database that isn't known"]);
      expect(sink.commands()).toEqual([]);
      expect(sink.position()).toMatchObject({ copying: true });
    });

    it("has everything copied where a database is emptied first", () => {
      take(["FLUSHDB"]);
      expect(restarts).toHaveLength(1);
      expect(sink.commands()).toEqual([]);
    });

    it("goes on in the one that the stream names, behind what concerns no data", () => {
      const own = ["DEL", "redis-bluegreen:position", "redis-bluegreen:batches"];
      take(["PING"], ["MULTI"], own, ["EXEC"], ["REPLCONF", "GETACK", "*"]);
      applier.flush(true);
      expect(sink.position()).toMatchObject({ applied: { offset: read, database: UNKNOWN_DATABASE } });
      confirm();
      take(["MULTI"], ["SELECT", "3"], ["SET", "a", "1"], ["EXEC"]);
      expect(sink.commands()).toEqual(["SELECT 3", "SET a 1"]);
      expect(sink.position()).toMatchObject({ applied: { offset: read, database: 3 } });
      expect(restarts).toEqual([]);
    });

    it("selects none for what it notes before", () => {
      applier.open().add(["DEL", "a"]);
      take(["SELECT", "3"], ["SET", "a", "1"]);
      expect(sink.commands()).toEqual(["DEL a", "SELECT 3", "SET a 1"]);
    });
  });

  it("sends batches of a bounded size while the target is busy", () => {
    sink.inFlight = 5;
    for (let i = 0; i < 20; i++) {
      take(...Array.from({ length: 300 }, (_, k) => ["SET", `key:${k}`, "v".repeat(100)]));
    }
    expect(sink.sent.length).toBeGreaterThan(8);
    expect(Math.max(...sink.sent.map(({ commands }) => commands))).toBeLessThan(1_000);
  });
});
