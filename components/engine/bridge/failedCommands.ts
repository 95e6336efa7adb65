import { commandAt, type Batch, type BatchOutcome, type Check } from "./batch.ts";
import type { KeySpecs } from "./keySpecs.ts";

/** What is to be done about commands of a batch of the stream that failed. */
export interface FailedCommands {
  /** Keys that have to be copied again. */
  checks: Check[];
  /** Kinds with names of commands of which no key is known. */
  kinds: (readonly [kind: string, name: string])[];
}

/** Finds out what failed; the batch was kept whole. */
export function failedCommands(batch: Batch, { failures }: BatchOutcome, specs: KeySpecs): FailedCommands {
  const failed: FailedCommands = { checks: [], kinds: [] };
  for (const { index, message } of failures) {
    const command = commandAt(batch.pieces, index);
    if (command === undefined) continue;
    const name = command.words[0]?.toString("latin1").toLowerCase() ?? "";
    const keys = specs.keysOf(name, command.words) ?? [];
    failed.checks.push({ atLeast: 1, database: command.database, keys });
    if (keys.length === 0) failed.kinds.push([`refused:${name}:${message.split(" ", 1)[0] ?? ""}`, name]);
  }
  return failed;
}
