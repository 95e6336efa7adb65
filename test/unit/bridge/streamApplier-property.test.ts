import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeCommand } from "../../../components/engine/bridge/encode.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { makeApplier, Sink } from "./applierScene.ts";

const START = 100;
const key = fc.constantFrom("a", "b", "redis", "redis-bluegreen:position", "redis-bluegreen:else");
const write = fc.oneof(
  fc.tuple(fc.constant("SET"), key, fc.string({ maxLength: 300 })),
  fc.tuple(fc.constant("INCR"), key),
  fc.tuple(fc.constant("PING")),
  fc.tuple(fc.constant("SELECT"), fc.constantFrom("0", "3", "15")),
);
const part = fc.oneof(
  { weight: 4, arbitrary: write.map((words) => [words]) },
  {
    weight: 1,
    arbitrary: fc.array(write, { maxLength: 6 }).map((inner) => [["MULTI"], ...inner, ["EXEC"]]),
  },
);
/** What happens beside the stream: where it is cut, and what the target does at each cut. */
const step = fc.record({
  bytes: fc.integer({ min: 1, max: 400 }),
  does: fc.constantFrom("nothing", "answers", "is full", "has room", "tick", "rest"),
});

interface Expected {
  /** What the target has to do, each with the database that it belongs into. */
  commands: string[];
  /** Offsets at which a position may stand: between commands, outside of transactions. */
  places: Set<number>;
}

function expectedOf(commands: readonly (readonly string[])[]): Expected {
  const expected: Expected = { commands: [], places: new Set([START]) };
  let [offset, database, inside] = [START, "0", false];
  for (const words of commands) {
    const [name = "", first = ""] = words;
    offset += encodeCommand(words).length;
    if (name === "MULTI" || name === "EXEC") inside = name === "MULTI";
    else if (name === "SELECT") database = first;
    else if (name !== "PING" && first !== "redis-bluegreen:position") {
      expected.commands.push(`${database}: ${words.join(" ")}`);
    }
    if (!inside) expected.places.add(offset);
  }
  return expected;
}

/** What the target was told, each command with the database that it met. */
function toldTo(sink: Sink): string[] {
  let database = "0";
  return sink.commands().flatMap((text) => {
    const selected = /^SELECT (\d+)$/.exec(text)?.[1];
    if (selected !== undefined) database = selected;
    return selected === undefined ? [`${database}: ${text}`] : [];
  });
}

it("tells the target every command once and in order, and stands only where a bridge can go on", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.array(step, { maxLength: 60 }), (parts, steps) => {
      const commands = parts.flat();
      const expected = expectedOf(commands);
      const stream = Buffer.concat(commands.map((words) => encodeCommand(words)));
      const sink = new Sink();
      const parser = new StreamParser();
      const applier = makeApplier(parser, sink, () => undefined);
      const answer = (): void => {
        sink.inFlight = 0;
        const end = sink.sent.at(-1)?.end;
        if (end !== undefined) applier.confirmed = end;
      };
      let at = 0;
      for (const { bytes, does } of steps) {
        // As the session does it, nothing is read while the target is full.
        if (!sink.full) parser.push(stream.subarray(at, (at += bytes)));
        if (does === "answers") answer();
        if (does === "is full" || does === "has room") sink.full = does === "is full";
        if (does === "tick" || does === "rest") applier.flush(does === "rest");
        applier.pump();
      }
      sink.full = false;
      parser.push(stream.subarray(at));
      applier.pump();
      // What waited for company goes, and then the last position.
      for (let i = 0; i < 2; i++) {
        answer();
        applier.flush(true);
      }
      answer();
      expect(toldTo(sink)).toEqual(expected.commands);
      for (const { end } of sink.sent) expect(expected.places).toContain(end?.offset);
      const end = START + stream.length;
      if (stream.length > 0) {
        expect(sink.position()).toMatchObject({ applied: { offset: end }, confirmed: { offset: end } });
      }
      expect(applier.unsettled).toBe(false);
    }),
    { numRuns: 300 },
  );
});
