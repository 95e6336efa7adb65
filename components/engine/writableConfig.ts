import type { Deployment } from "./deployment.ts";
import { RefusedError } from "./progress.ts";
import { RedisServerError } from "./redisServer.ts";

/**
 * Proves that an existing server can write its configuration file, by letting it write what is in force; only trying
 * tells. A fence that isn't written is forgotten by a restart, and must not be found so in the middle of a cutover. One
 * that was started without a file has nothing to write: the checks warn of it.
 * @throws RefusedError where it can't
 */
export async function proveConfigWritable(
  { target, colour, primary }: Deployment,
  pathPrefix: string,
): Promise<void> {
  if (!target.external) return;
  try {
    await primary.configRewrite();
  } catch (error) {
    if (!(error instanceof RedisServerError) || !/rewriting config|save the ACLs/i.test(error.message)) {
      throw error;
    }
    const file = (await primary.info("server")).get("config_file") ?? "";
    throw new RefusedError(
      `${pathPrefix}${colour}: ${colour} can't write its configuration (${error.message}), so that its restart would forget that it was closed. Let the user that it runs as write ${file}, its folder and, where it has one, its ACL file, and run pulumi up again; no client noticed anything`,
    );
  }
}
