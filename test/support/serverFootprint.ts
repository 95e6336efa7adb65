import type { Colour } from "../../components/engine/colour.ts";
import { infoNumber } from "../../components/engine/infoReply.ts";
import type { TestStack } from "./testStack.ts";

/** What of a server must be the same before and after something that changes nothing. */
export interface ServerFootprint {
  /** Role, history, offset and whom it follows. */
  replication: object;
  /** Writes since its last save. */
  dirty: number;
  keyspace: Record<number, number>;
  /** All of CONFIG GET *. Its order has no meaning: from 7.0 on it is another one while a child process runs (measured on 8.0). */
  config: ReadonlyMap<string, string>;
  users: string[];
  /** Sizes, times and checksums of its configuration and its users on disk. */
  files: string;
}

/** Looks at one of a stack's servers. It should have no client that writes, and send no heartbeats. */
export function footprintOf(stack: TestStack, colour: Colour, index: number): Promise<ServerFootprint> {
  return stack.withServer(
    colour,
    async (server) => {
      const { role, replid, replid2, offset, secondOffset, following, linkUp } = await server.replication();
      return {
        replication: { role, replid, replid2, offset, secondOffset, following, linkUp },
        dirty: infoNumber(await server.info("persistence"), "rdb_changes_since_last_save"),
        keyspace: Object.fromEntries(await server.keyspace()),
        config: await server.configGet("*"),
        users: (await server.call("ACL", "LIST")) as string[],
        files: await stack.docker(
          "exec",
          `${stack.deployment}-${colour}-${index}`,
          "sh",
          "-c",
          "cd /data && stat -c '%n %s %Y %a' *.conf && sha256sum *.conf",
        ),
      };
    },
    index,
  );
}
