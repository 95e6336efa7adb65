import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestStack } from "../../test/support/testStack.ts";

/** In such a container: how far the server's clock is off. */
export const CLOCK_FILE = "/etc/faketimerc";

const LIBRARIES = "/usr/lib";
const LIBRARY = "faketime/libfaketime.so.1";
const IN_IMAGE = "/usr/local/lib/libfaketime.so.1";

/**
 * Puts a script in the place of the server that starts it with the library. Debian's servers use jemalloc, in which the
 * library hangs (`unexpected recursive calls to clock_gettime`) unless libc's own allocator is loaded before it; Redis
 * 7.0.15 runs so, and 8.0.2 does not (segmentation fault).
 */
const REPLACE_SERVER = `set -e
server=$(command -v valkey-server || command -v redis-server)
mkdir -p /usr/local/lib/real
cp "$(readlink -f "$server")" "/usr/local/lib/real/$(basename "$server")"
rm "$server"
cat >"$server" <<END
#!/bin/sh
export LD_PRELOAD=${IN_IMAGE}:libc.so.6 DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 FAKETIME_TIMESTAMP_FILE=${CLOCK_FILE}
exec "/usr/local/lib/real/$(basename "$server")" "\\$@"
END
chmod 755 "$server"
echo +0s >${CLOCK_FILE}
chmod 644 ${CLOCK_FILE}`;

/** Debian's libfaketime on this machine; undefined where it is not installed. */
export function faketimeLibrary(): string | undefined {
  if (!existsSync(LIBRARIES)) return undefined;
  return readdirSync(LIBRARIES)
    .map((folder) => join(LIBRARIES, folder, LIBRARY))
    .find((path) => existsSync(path));
}

/**
 * Makes an image of the same server with a clock that can be set.
 * @param name of the deployment, with which that of the image begins
 * @returns the image's name
 */
export async function clockImage(stack: TestStack, version: string): Promise<string> {
  const library = faketimeLibrary();
  if (library === undefined) throw new Error("libfaketime is not installed");
  const container = `${stack.deployment}-image`;
  const image = `${stack.deployment}:${version}`;
  const created = ["--name", container, "--user", "0", "--entrypoint", "sh", `redis:${version}`, "-c"];
  await stack.docker("create", ...created, REPLACE_SERVER);
  try {
    await stack.docker("cp", "--follow-link", library, `${container}:${IN_IMAGE}`);
    await stack.docker("start", "--attach", container);
    await stack.docker("commit", "--change", "USER root", container, image);
  } finally {
    await stack.docker("rm", "--force", container);
  }
  return image;
}
