import type { InfoFields } from "../infoReply.ts";
import type { ServerVersion } from "../serverVersion.ts";

/** Reads the `server` section of INFO. Valkey reports a Redis version beside its own. */
export function versionIn(fields: InfoFields): ServerVersion {
  const valkey = fields.get("valkey_version");
  if (valkey !== undefined) return { product: "valkey", version: valkey };
  return { product: "redis", version: fields.get("redis_version") ?? "0" };
}
