import { open, rename } from "node:fs/promises";

/** `20260131T235959123Z`: sorts by time and is a file name everywhere. */
export function fileTimestamp(time: Date): string {
  return time.toISOString().replace(/[-:.]/g, "");
}

/** Writes a file of mode 0600 that is there in full or not at all. */
export async function writePrivately(file: string, text: string): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await open(partial, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
}
