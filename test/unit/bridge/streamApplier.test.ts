import { beforeEach, describe, expect, it } from "vitest";
import { commandAt, type Batch, type BatchSink } from "../../../components/engine/bridge/batch.ts";
import { CommandTable } from "../../../components/engine/bridge/commandTable.ts";
import { encodeCommand, type Word } from "../../../components/engine/bridge/encode.ts";
import { Figures } from "../../../components/engine/bridge/figures.ts";
import { parsePosition, type Position } from "../../../components/engine/bridge/position.ts";
import { StaleKeys } from "../../../components/engine/bridge/staleKeys.ts";
import { StreamApplier } from "../../../components/engine/bridge/streamApplier.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { translationTable } from "../../../components/engine/bridge/translations/translationTable.ts";
import { Unrepresentable } from "../../../components/engine/bridge/unrepresentable.ts";

const known = new Map(
  ["set", "incr", "del", "hset", "select", "multi", "exec", "mystery"].map((name) => [
    name,
    { arity: -2, first: 1, last: 1, step: 1, movable: false },
  ]),
);
const REPLID = "c141cad2650533798f9b2a9f0ba469913484b5ec";
const START: Position = {
  replid: REPLID,
  applied: { offset: 100, database: 0 },
  confirmed: { offset: 100, database: 0 },
  batches: 0,
  since: "-",
  copying: false,
};

/** A target that answers when it is told to. */
class Sink implements BatchSink {
  readonly sent: Batch[] = [];
  inFlight = 0;
  full = false;

  begun = 0;

  begin(batch: Batch): void {
    this.begun++;
    batch.beginning();
  }

  send(batch: Batch): void {
    this.sent.push(batch);
    this.inFlight++;
  }

  /** All commands that were sent, the position's parts left out. */
  commands(): string[] {
    return this.sent.flatMap(({ pieces, commands }) =>
      Array.from({ length: commands }, (_, i) => commandAt(pieces, i)?.words.join(" ") ?? "").filter(
        (text) => !/^(SELECT 15|INCR redis-bluegreen:batches|SET redis-bluegreen:position )/.test(text),
      ),
    );
  }

  /** What the target's key says after the last batch. */
  position(): Position | undefined {
    const last = this.sent.at(-1);
    const words = last && commandAt(last.pieces, last.commands - 1)?.words;
    return parsePosition(String(words?.[2]));
  }
}

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
    const version = { product: "redis", version: "7.0" } as const;
    applier = new StreamApplier({
      parser,
      rules: new CommandTable(
        translationTable({
          source: version,
          target: version,
          sourceCommands: known,
          targetCommands: new Map([...known].filter(([name]) => name !== "mystery")),
        }),
      ),
      sink,
      stale: new StaleKeys(),
      unrepresentable: new Unrepresentable(),
      figures: new Figures(),
      keysOf: (name, words) =>
        name === "mystery" ? undefined : words.slice(1, name === "del" ? undefined : 2),
      askKeys: () => new Promise((resolve) => (answer = resolve)),
      databases: 16,
      position: START,
      doubtAll: false,
      onAskedForOffset: () => undefined,
      onRestart: () => undefined,
    });
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

  it("sends batches of a bounded size while the target is busy", () => {
    sink.inFlight = 5;
    for (let i = 0; i < 20; i++) {
      take(...Array.from({ length: 300 }, (_, k) => ["SET", `key:${k}`, "v".repeat(100)]));
    }
    expect(sink.sent.length).toBeGreaterThan(8);
    expect(Math.max(...sink.sent.map(({ commands }) => commands))).toBeLessThan(1_000);
  });
});
