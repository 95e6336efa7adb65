import { expect, test } from "vitest";
import { GenericContainer, Wait } from "testcontainers";
import { INITIAL_CONF, START_SERVER } from "../../components/docker/redisContainer.ts";

/** What images bring to drop root's rights: Debian's and newer official ones, older official ones, those of Alpine. */
const DROPS = ["setpriv", "gosu", "su-exec"] as const;

/** Has the image bring this tool only, and an entrypoint that must not be used. */
function like(tool: (typeof DROPS)[number]): string {
  const entrypoint = `printf '#!/bin/sh\\nexit 1\\n' >/usr/local/bin/docker-entrypoint.sh
chmod +x /usr/local/bin/docker-entrypoint.sh`;
  if (tool === "setpriv") return entrypoint;
  // Alpine's own setpriv knows none of the options that this needs.
  return `${entrypoint}
if [ ! -e /usr/bin/hidden ]; then
  mv /usr/bin/setpriv /usr/bin/hidden
  printf '#!/bin/sh\\nexit 1\\n' >/usr/bin/setpriv
  chmod +x /usr/bin/setpriv
fi
printf '#!/bin/sh\\nuser=$1; shift\\nexec hidden --reuid $user --regid $user --clear-groups "$@"\\n' >/usr/bin/${tool}
chmod +x /usr/bin/${tool}`;
}

test.each(DROPS)(
  "a server runs without root's rights where the image has %s, also once it is restarted",
  async (tool) => {
    const container = await new GenericContainer("redis:8.0")
      .withEntrypoint(["sh", "-c", `${like(tool)}\n${START_SERVER}`])
      .withCopyContentToContainer([{ content: "port 6379\ndir /data\n", target: INITIAL_CONF, mode: 0o600 }])
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
    try {
      const run = async (command: string): Promise<string> =>
        (await container.exec(["sh", "-c", command])).output.trim();
      for (const save of ["900 1", "300 10"]) {
        expect(await run("stat -c %U /proc/1")).toBe("redis");
        expect(await run("stat -c %U /data /data/* | sort -u")).toBe("redis");
        expect(await run(`redis-cli config set save '${save}' && redis-cli config rewrite`)).toBe("OK\nOK");
        await container.restart({ timeout: 0 });
        expect(await run("redis-cli config get save")).toBe(`save\n${save}`);
      }
      expect(await run("stat -c %a /data/redis.conf")).toBe("600");
    } finally {
      await container.stop({ timeout: 0 });
    }
  },
);
