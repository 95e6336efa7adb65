/** Bytes as text; where they can't be shown, all but printable ASCII becomes `\xNN`. */
export function printable(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (Buffer.from(text, "utf8").equals(bytes) && !/\p{Cc}/u.test(text)) return text;
  return [...bytes].map(shown).join("");
}

function shown(byte: number): string {
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}
