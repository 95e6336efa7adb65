import { infoNumber, type InfoFields } from "../infoReply.ts";
import { versionOf } from "../redisServer.ts";
import type { ServerVersion } from "../serverVersion.ts";
import { rollbackVerdict, type Verdict, type VerdictOptions } from "./rollbackVerdict.ts";

/** What a server shows of itself that the way back depends on. */
export interface Witness {
  version: ServerVersion;
  /** Names from commandstats of commands that were executed: lower case, `container|subcommand` from 7.0 on. */
  commands: ReadonlySet<string>;
  /** Every section of INFO. */
  info: InfoFields;
}

/** Reads a reply of INFO EVERYTHING. */
export function witnessOf(info: InfoFields): Witness {
  return { version: versionOf(info), commands: commandsInUse(info), info };
}

/**
 * What a rollback to `old` will be once `newer` is live. Every check, plan and output asks here, so that none of them
 * can say anything else than the others.
 * @param newer its version alone where it isn't deployed yet
 * @param options `noLinkBecause`, `bridge` and `unrepresentable` as in `VerdictOptions`
 */
export function wayBack(
  old: Witness,
  newer: Pick<Witness, "version"> & Partial<Witness>,
  options: Omit<VerdictOptions, "oldKeepsAof"> = {},
): Verdict {
  const commands = new Set([...old.commands, ...(newer.commands ?? [])]);
  return rollbackVerdict(old.version, newer.version, commands, {
    ...options,
    oldKeepsAof: infoNumber(old.info, "aof_enabled") === 1,
  });
}

/**
 * Commands of newer releases by which this project reads expiries, when it compares, and when the bridge applies and copies.
 * INFO counts them with the application's, so they tell nothing of it; one that lets fields expire shows by what sets that.
 */
const OWN_READS: ReadonlySet<string> = new Set(["pexpiretime", "hpexpiretime", "hpttl"]);

/**
 * Names of the commands that INFO commandstats says were executed at least once without failing, save those by which this
 * project reads itself.
 */
export function commandsInUse(info: InfoFields): Set<string> {
  const names = new Set<string>();
  for (const [field, value] of info) {
    const name = /^cmdstat_(.+)$/.exec(field)?.[1];
    if (name === undefined) continue;
    const calls = Number(/calls=(\d+)/.exec(value)?.[1] ?? 0);
    const failed = Number(/failed_calls=(\d+)/.exec(value)?.[1] ?? 0);
    if (calls > failed && !OWN_READS.has(name.toLowerCase())) names.add(name.toLowerCase());
  }
  return names;
}
