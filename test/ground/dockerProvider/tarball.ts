/** One file for the container's root directory. */
export interface TarEntry {
  /** Absolute path in the container. */
  path: string;
  content: Buffer;
  mode: number;
}

const block = 512;

/**
 * A tar archive of one root-owned file.
 * @throws if the path does not fit a ustar header (100 bytes for the name, 155 for its directory)
 */
export function tarball({ path, content, mode }: TarEntry): Buffer {
  const header = Buffer.alloc(block);
  const { prefix, name } = split(path.replace(/^\/+/, ""));
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;
  header.write(name, 0);
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(content.length, 12), 124);
  header.write(octal(Math.floor(Date.now() / 1000), 12), 136);
  header.write("0", 156);
  header.write("ustar\0" + "00", 257);
  header.write(prefix, 345);
  // The checksum is taken with its own eight bytes as blanks.
  header.write(" ".repeat(8), 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  const padding = Buffer.alloc((block - (content.length % block)) % block);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * block)]);
}

function split(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: "", name: path };
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { prefix, name };
  }
  throw new Error(`the path ${path} is too long for an upload`);
}
