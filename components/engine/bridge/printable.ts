/** Bytes as text; what can't be shown becomes `\xNN`. */
export function printable(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (Buffer.from(text, "utf8").equals(bytes) && !/\p{Cc}/u.test(text)) return text;
  return [...bytes]
    .map((byte) =>
      byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
}
