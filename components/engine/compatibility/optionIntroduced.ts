import { atLeast, type ServerVersion } from "../serverVersion.ts";

/** A new option of an old command, which a replica of an older release rejects and commandstats doesn't show. */
interface IntroducedOption {
  product: ServerVersion["product"];
  version: string;
  command: string;
  /** As it is written, e.g. `SET … IFEQ`. */
  form: string;
}

/** Options that reach the replication stream as they were given, from the tables of emitted commands. */
const OPTIONS: readonly IntroducedOption[] = [
  { product: "redis", version: "8.2", command: "xadd", form: "XADD … KEEPREF/DELREF/ACKED" },
  { product: "redis", version: "8.2", command: "xtrim", form: "XTRIM … KEEPREF/DELREF/ACKED" },
  { product: "redis", version: "8.2", command: "bitop", form: "BITOP DIFF/DIFF1/ANDOR/ONE" },
  { product: "redis", version: "8.4", command: "set", form: "SET … IFEQ/IFNE/IFDEQ/IFDNE" },
  { product: "redis", version: "8.6", command: "xadd", form: "XADD … IDMP/IDMPAUTO" },
  { product: "valkey", version: "8.1", command: "set", form: "SET … IFEQ" },
  { product: "valkey", version: "9.0", command: "geosearchstore", form: "GEOSEARCHSTORE … BYPOLYGON" },
];

/**
 * Forms of commands in use that `newer` accepts and `old` rejects. Whether an application uses one of them can't be
 * seen on a server: commandstats counts commands, not their options.
 */
export function optionsUnknownTo(
  old: ServerVersion,
  newer: ServerVersion,
  commandsInUse: ReadonlySet<string>,
): string[] {
  return OPTIONS.filter(
    ({ product, version, command }) =>
      product === newer.product &&
      atLeast(newer.version, version) &&
      (product !== old.product || !atLeast(old.version, version)) &&
      commandsInUse.has(command),
  ).map(({ form }) => form);
}
