import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Batch } from "../../../components/engine/bridge/batch.ts";
import { BATCHES_KEY, parsePosition, POSITION_KEY } from "../../../components/engine/bridge/position.ts";
import { startFrom } from "../../../components/engine/bridge/start.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import type { TargetFacts } from "../../../components/engine/bridge/targetLink.ts";
import { CopierScene } from "./copierScene.ts";

/** More elements than are read in one part. */
const LARGE = Array.from({ length: 4_500 }, (_, i) => `${i}`);

/** What a target tells that took these batches and no other. */
function factsAfter(taken: readonly Batch[]): TargetFacts {
  const parser = new StreamParser();
  for (const { pieces } of taken) parser.push(Buffer.concat(pieces));
  let [batches, noted] = [0, ""];
  while (parser.next()) {
    const [name, key, value = ""] = parser.all().map(String);
    if (name === "INCR" && key === BATCHES_KEY) batches++;
    if (name === "SET" && key === POSITION_KEY) noted = value;
  }
  const version = { product: "redis", version: "7.0" } as const;
  const server = { version, runId: "", commands: new Map(), databases: 16 };
  return { ...server, position: parsePosition(noted), batches, stale: [], unrepresentable: [] };
}

describe("the copier", () => {
  let scene: CopierScene;

  beforeEach(() => {
    scene = new CopierScene();
  });

  it("copies a key that is written to whenever it is read", async () => {
    let written = 0;
    scene.write(0, ["SET", "hot", "0"], ["SET", "cold", "x"]);
    scene.deliver();
    scene.meanwhile = () => {
      scene.write(0, ["SET", "hot", `${++written}`]);
    };
    scene.spoil(0, "hot");
    scene.spoil(0, "cold");
    await scene.settle();
    expect(scene.applier.parts.stale.toCopy).toBe(0);
    expect(scene.reads).toBe(3);
    expect(scene.sink.model.content()).toEqual(scene.source.content());
    // What comes after it is applied again.
    scene.write(0, ["SET", "hot", "last"]);
    scene.deliver();
    scene.applier.flush(true);
    expect(scene.sink.model.keys(0).get("hot")).toBe("last");
  });

  it("copies keys between which a command takes data whenever they are read", async () => {
    scene.write(0, ["RPUSH", "a", ...LARGE.slice(0, 500)], ["RPUSH", "b", "x"]);
    scene.deliver();
    scene.before = () => {
      scene.write(0, ["LMOVE", "a", "b", "LEFT", "RIGHT"]);
    };
    scene.spoil(0, "a");
    await scene.settle(400);
    scene.before = () => undefined;
    expect(scene.applier.parts.stale.toCopy).toBe(0);
    expect(scene.reads).toBeLessThan(20);
    expect(scene.sink.model.content()).toEqual(scene.source.content());
    // What comes after that is applied again.
    scene.write(0, ["LMOVE", "b", "a", "LEFT", "RIGHT"]);
    scene.deliver();
    scene.applier.flush(true);
    expect(scene.applier.parts.stale.size).toBe(0);
    expect(scene.sink.model.content()).toEqual(scene.source.content());
  });

  it("goes on with the stream where the reading fails for which it was held", async () => {
    const held: boolean[] = [];
    scene.meanwhile = () => {
      held.push(scene.held);
      if (scene.held) throw new Error("the source is gone");
      scene.write(0, ["SET", "hot", "x"]);
    };
    scene.spoil(0, "hot");
    await scene.settle();
    expect(held).toEqual([false, false, true]);
    expect(scene.failure).toMatchObject({ message: "the source is gone" });
    expect(scene.held).toBe(false);
  });

  it("notes that a key was copied together with what the target can hold of it", async () => {
    scene.write(0, ["SET", "key", "x"]);
    scene.deliver();
    scene.applier.parts.unrepresentable.add("vectorset", 0, Buffer.from("key"));
    scene.applier.flush(true);
    const send = vi.spyOn(scene.sink, "send");
    scene.spoil(0, "key");
    await scene.settle();
    const sent = send.mock.calls.map(([batch]) => Buffer.concat(batch.pieces).toString());
    expect(sent.filter((text) => text.includes("SREM")).map((text) => text.includes("HSET"))).toEqual([true]);
    expect(sent.filter((text) => text.includes("SET\r\n$3\r\nkey"))).toEqual([
      expect.stringContaining("SREM"),
    ]);
  });

  it.each(["a string", "a large key"])(
    "leaves no doubt whether %s was copied where the target refuses some transaction of it",
    async (kind) => {
      const send = vi.spyOn(scene.sink, "send");
      scene.write(0, kind === "a string" ? ["SET", "key", "x"] : ["RPUSH", "key", ...LARGE]);
      scene.deliver();
      scene.spoil(0, "key");
      await scene.settle();
      // The stream comes to where the key was read, and takes the note away.
      scene.write(0, ["SET", "other", "x"]);
      scene.deliver();
      scene.applier.flush(true);
      const sent = send.mock.calls.map(([batch]) => batch);
      expect(sent.filter(({ end }) => end === undefined)).toHaveLength(kind === "a string" ? 1 : 5);
      for (const refused of sent.slice(0, -1)) {
        const facts = factsAfter(sent.filter((batch) => batch !== refused));
        expect(startFrom(facts, {})).toMatchObject({ from: undefined, resumed: false });
      }
      expect(startFrom(factsAfter(sent), {})).toMatchObject({ resumed: true });
    },
  );

  it("gives up where the source is behind what it sent, as no reading could ever be used", async () => {
    scene.write(0, ["SET", "key", "x"]);
    scene.deliver();
    scene.saysOffset = 0;
    scene.spoil(0, "key");
    await scene.settle();
    expect(scene.failure).toBeInstanceOf(Error);
    expect(scene.reads).toBe(1);
  });

  it("copies a large key that is written to whenever a part of it is read", async () => {
    scene.write(0, ["RPUSH", "hot", ...LARGE]);
    scene.deliver();
    scene.meanwhile = () => {
      scene.write(0, ["RPUSH", "hot", "more"]);
    };
    scene.spoil(0, "hot");
    await scene.settle();
    expect(scene.applier.parts.stale.toCopy).toBe(0);
    // Five times three parts and the end, and once in one go.
    expect(scene.reads).toBe(21);
    expect(scene.sink.model.content()).toEqual(scene.source.content());
  });

  it("copies a list to its end where it grew after its size was asked for", async () => {
    scene.write(0, ["RPUSH", "list", ...LARGE], ["SET", "before", "x"]);
    scene.deliver();
    // Keys of which the sizes are asked for together.
    scene.spoil(0, "before large");
    scene.write(0, ["RPUSH", "before large", ...LARGE]);
    scene.spoil(0, "list");
    let grown = false;
    scene.meanwhile = () => {
      if (!grown) scene.write(0, ["RPUSH", "list", ...LARGE]);
      grown = true;
    };
    await scene.settle();
    expect(scene.sink.model.content()).toEqual(scene.source.content());
  });

  it("leaves a key deleted that was read before FLUSHALL", async () => {
    scene.write(0, ["SET", "key", "old"]);
    scene.deliver();
    let flushed = false;
    scene.meanwhile = () => {
      if (!flushed) scene.write(0, ["FLUSHALL"]);
      flushed = true;
    };
    scene.spoil(0, "key");
    await scene.settle();
    expect(flushed).toBe(true);
    expect(scene.source.content()).toEqual([{}, {}]);
    expect(scene.sink.model.content()).toEqual([{}, {}]);
  });

  it.each(["a string", "a large key"])(
    "doesn't put %s into the database that came by SWAPDB",
    async (kind) => {
      const write = (database: number, value: string): void => {
        const large = LARGE.map((item) => `${value} ${item}`);
        scene.write(database, kind === "a string" ? ["SET", "key", value] : ["RPUSH", "key", ...large]);
      };
      write(0, "first");
      write(1, "second");
      scene.deliver();
      let reads = 0;
      scene.meanwhile = () => {
        if (++reads === 1) scene.write(0, ["SWAPDB", 0, 1]);
      };
      scene.spoil(0, "key");
      await scene.settle();
      expect(scene.sink.model.content()).toEqual(scene.source.content());
    },
  );
});

describe("the copier of a large key that is ahead of the stream", () => {
  // What was written of it so far is deleted, or another database's then.
  it.each([[["FLUSHALL"]], [["SWAPDB", 0, 1]]])("writes it anew after %s", async (command) => {
    const scene = new CopierScene();
    scene.write(0, ["RPUSH", "key", ...LARGE]);
    scene.deliver();
    scene.spoil(0, "key");
    scene.late = 2;
    scene.write(0, command, ["DEL", "key"], ["RPUSH", "key", ...LARGE]);
    await scene.settle();
    expect(scene.failure).toBeUndefined();
    expect(scene.applier.parts.stale.toCopy).toBe(0);
    expect(scene.sink.model.content()).toEqual(scene.source.content());
  });
});

const GROWTH: string[] = ["RPUSH", "list", ...LARGE.slice(0, 2_300)];
const MOVE: string[] = ["LMOVE", "list", "other list", "LEFT", "RIGHT"];
const MOVE_BACK: string[] = ["LMOVE", "other list", "list", "LEFT", "RIGHT"];
const database = fc.constantFrom(0, 1);
const key = fc.constantFrom("a", "b");
const write = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant("SET"), key, fc.constantFrom("1", "2", "3")) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("DEL"), key) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("RPUSH"), fc.constant("list"), fc.constantFrom("x", "y")) },
  { weight: 1, arbitrary: fc.constant(GROWTH) },
  { weight: 4, arbitrary: fc.constantFrom(MOVE, MOVE_BACK) },
  { weight: 1, arbitrary: fc.constantFrom<string[]>(["FLUSHALL"], ["SWAPDB", "0", "1"]) },
);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ database, commands: fc.array(write, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ database, spoiled: fc.constantFrom("a", "b", "list", "other list") }) },
  { weight: 1, arbitrary: fc.record({ late: fc.nat(4) }) },
);

it("makes the target hold what the source does, whatever is written while keys are copied", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const scene = new CopierScene();
      scene.write(0, ["SET", "a", "0"], ["RPUSH", "list", ...LARGE]);
      scene.write(1, ["SET", "a", "1"]);
      scene.deliver();
      scene.spoil(0, "list");
      scene.spoil(0, "a");
      const left = [...steps];
      scene.meanwhile = () => {
        const next = left.shift();
        if (next === undefined) return;
        if ("commands" in next) {
          for (const words of next.commands) {
            // Only what does something is emitted.
            const from = words[0] === "LMOVE" ? scene.source.keys(next.database).get(words[1] ?? "") : "";
            if (from !== undefined) scene.write(next.database, words);
          }
        }
        if ("late" in next) scene.late = next.late;
        if ("spoiled" in next) scene.spoil(next.database, next.spoiled);
      };
      await scene.settle(200);
      expect(scene.failure).toBeUndefined();
      expect(scene.sink.model.content()).toEqual(scene.source.content());
    }),
    { numRuns: Number(process.env["RUNS"] ?? 60) },
  );
});
