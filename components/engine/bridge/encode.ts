/** A word of a command. Text is UTF-8. */
export type Word = Buffer | string | number;

/** Room for the head of a word or of a command: a sign, up to ten digits and the end of the line. */
const HEAD = 13;

/** One command as the protocol has it. */
export function encodeCommand(words: readonly Word[]): Buffer {
  let room = HEAD;
  for (const word of words) {
    // A character takes at most three bytes.
    room += HEAD + 2 + (word instanceof Buffer ? word.length : 3 * String(word).length);
  }
  const out = Buffer.allocUnsafe(room);
  let at = out.write(`*${words.length}\r\n`, 0, "latin1");
  for (const word of words) {
    if (word instanceof Buffer) {
      at += out.write(`$${word.length}\r\n`, at, "latin1");
      at += word.copy(out, at);
    } else {
      const text = String(word);
      at += out.write(`$${Buffer.byteLength(text)}\r\n`, at, "latin1");
      at += out.write(text, at);
    }
    out[at++] = 13;
    out[at++] = 10;
  }
  return out.subarray(0, at);
}
