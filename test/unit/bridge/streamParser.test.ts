import { describe, expect, it } from "vitest";
import { encodeCommand } from "../../../components/engine/bridge/encode.ts";
import { StreamError, StreamParser } from "../../../components/engine/bridge/streamParser.ts";

const COMMANDS = [
  ["SET", "key", "value"],
  ["SELECT", "12"],
  ["HSET", "h", "", "\r\n*1\r\n$4\r\nPING\r\n"],
  ["RPUSH", "l", ...Array.from({ length: 100 }, (_, i) => `element ${i}`)],
  ["PING"],
];
const STREAM = Buffer.concat([
  encodeCommand(COMMANDS[0]!),
  Buffer.from("\n"),
  ...COMMANDS.slice(1).map((words) => encodeCommand(words)),
]);

function readAll(parser: StreamParser, into: string[][]): number {
  let bytes = 0;
  while (parser.next()) {
    into.push(parser.all().map(String));
    bytes += parser.end - parser.start;
  }
  return bytes;
}

describe("the stream parser", () => {
  it.each([
    ["neighbours in memory", (part: Buffer): Buffer => part],
    ["in different buffers", (part: Buffer): Buffer => Buffer.from(part)],
  ])("reads the same commands wherever the stream is cut in two, the parts %s", (_, place) => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      const parser = new StreamParser();
      const read: string[][] = [];
      let bytes = 0;
      for (const part of [STREAM.subarray(0, cut), STREAM.subarray(cut)]) {
        parser.push(place(part));
        bytes += readAll(parser, read);
      }
      expect(read).toEqual(COMMANDS);
      expect(bytes).toBe(STREAM.length);
    }
  });

  it("reads them byte for byte", () => {
    const parser = new StreamParser();
    const read: string[][] = [];
    for (const byte of STREAM) {
      parser.push(Buffer.from([byte]));
      readAll(parser, read);
    }
    expect(read).toEqual(COMMANDS);
  });

  it("refuses what is no stream of commands", () => {
    const parser = new StreamParser();
    parser.push(Buffer.from("+OK\r\n"));
    expect(() => parser.next()).toThrow(StreamError);
  });
});
