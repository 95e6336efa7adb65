import { atLeast, type ServerVersion } from "../serverVersion.ts";

const STREAM = "+ping +psync +replconf +info +select +role +time +command +multi +exec +acl|getuser";
const READING =
  "+scan +type +exists +strlen +llen +scard +zcard +hlen +xlen +get +getrange +lrange +smembers +sscan +zrange " +
  "+zscan +hgetall +hscan +hkeys +xrange +xinfo +dump +pttl +memory|usage";

/**
 * What the bridge's user has on a server that is not fed: the stream, looking at the gate, and reading keys that have to
 * be copied. Words for ACL SETUSER behind `resetkeys -@all`.
 */
export function bridgeSourceRules({ product, version }: ServerVersion): string {
  const since7 = atLeast(version, "7.0");
  return [
    since7 ? "%R~*" : "~*",
    `-@all ${STREAM} ${READING}`,
    ...(since7 ? ["+pexpiretime", "+function|list"] : []),
    ...(atLeast(version, product === "valkey" ? "9.0" : "7.4") ? ["+hpexpiretime"] : []),
  ].join(" ");
}

/**
 * What the bridge's user has on a server while it is fed, and closed to everybody else: every command that the stream
 * can carry, its own transactions and looks. Words for ACL SETUSER behind `resetkeys -@all`. FLUSHALL, RESTORE and SORT
 * are in `@write` and dangerous, and in the stream.
 */
export function bridgeTargetRules({ product, version }: ServerVersion): string {
  const since7 = atLeast(version, "7.0");
  return [
    "~* -@all +@write +@read -migrate -keys",
    "+multi +exec +select +ping +info +time +role +command +client|kill +config|get +acl|getuser",
    // Forms that a release before 6.2 lacks are said in scripts.
    since7 ? "+function" : "+eval",
    // Measured with 8.0.2 and 8.6.3: commands of vector sets are in no category.
    ...(product === "redis" && atLeast(version, "8.0") ? ["+vadd +vrem +vsetattr"] : []),
  ].join(" ");
}
