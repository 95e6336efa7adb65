/** A word of a command. Text is UTF-8. */
export type Word = Buffer | string | number;

/** One command as the protocol has it. */
export function encodeCommand(words: readonly Word[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = word instanceof Buffer ? word : Buffer.from(String(word));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, END_OF_WORD);
  }
  return Buffer.concat(parts);
}

const END_OF_WORD = Buffer.from("\r\n");
