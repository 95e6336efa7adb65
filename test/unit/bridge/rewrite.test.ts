import { expect, it } from "vitest";
import { encodeCommand } from "../../../components/engine/bridge/encode.ts";
import { RawOutput } from "../../../components/engine/bridge/rawOutput.ts";
import { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { setWithExpiry } from "../../../components/engine/bridge/translations/setWithExpiry.ts";

it.each(["v", "v".repeat(300), "", "PXAT\r\n"])("says SET with an expiry in two commands: %j", (value) => {
  const parser = new StreamParser();
  const output = new RawOutput();
  parser.push(encodeCommand(["set", "key", value, "pxat", 1_795_249_584_538]));
  expect(parser.next() && output.room(1_000) && setWithExpiry(parser, output)).toBe(true);
  expect(output.commands).toBe(2);
  const [set, expiry] = [
    ["set", "key", value],
    ["PEXPIREAT", "key", 1_795_249_584_538],
  ];
  expect(output.take().toString()).toBe(
    Buffer.concat([encodeCommand(set), encodeCommand(expiry)]).toString(),
  );
});

it.each([
  ["SET", "key", "value", "KEEPTTL", "GET"],
  ["SET", "key", "value", "PXAT", "9", "NX"],
  ["SET", "key", "PXAT"],
])("leaves other forms alone: %s %s %s %s %s", (...words) => {
  const parser = new StreamParser();
  const output = new RawOutput();
  parser.push(encodeCommand(words));
  expect(parser.next() && setWithExpiry(parser, output)).toBe(false);
  expect(output.length).toBe(0);
});
