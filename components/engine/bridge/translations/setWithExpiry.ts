import type { RawOutput } from "../rawOutput.ts";
import type { StreamParser } from "../streamParser.ts";

const HEAD_OF_3 = Buffer.from("*3\r\n");
const PEXPIREAT = Buffer.from("*3\r\n$9\r\nPEXPIREAT\r\n");
/** `*5\r\n`, which the command begins with; a bare newline in front of it makes it longer. */
const HEAD_LENGTH = 4;

/**
 * `SET key value PXAT t`, the form in which 7.0 and newer send every expiry of a string, for a target before 6.2: SET, then
 * PEXPIREAT, put together from the bytes as they came. The one rewrite that whole streams may consist of.
 * @returns false where the command is another one
 */
export function setWithExpiry(parser: StreamParser, output: RawOutput): boolean {
  const { data, words, start, end } = parser;
  if (parser.count !== 5 || data[start] !== 0x2a) return false;
  const option = words[6] ?? 0;
  // P, X, A, T in either case.
  if ((words[7] ?? 0) - option !== 4 || !isPxat(data, option)) return false;
  const endOfKey = (words[3] ?? 0) + 2;
  const endOfValue = (words[5] ?? 0) + 2;
  const endOfOption = (words[7] ?? 0) + 2;
  const endOfName = (words[1] ?? 0) + 2;
  output.add(HEAD_OF_3, 0, HEAD_OF_3.length);
  output.add(data, start + HEAD_LENGTH, endOfValue);
  output.add(PEXPIREAT, 0, PEXPIREAT.length);
  output.add(data, endOfName, endOfKey);
  output.add(data, endOfOption, end);
  output.commands += 2;
  return true;
}

function isPxat(data: Buffer, at: number): boolean {
  return (
    ((data[at] ?? 0) | 0x20) === 0x70 &&
    ((data[at + 1] ?? 0) | 0x20) === 0x78 &&
    ((data[at + 2] ?? 0) | 0x20) === 0x61 &&
    ((data[at + 3] ?? 0) | 0x20) === 0x74
  );
}
