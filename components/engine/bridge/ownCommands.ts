import { isOwnKey, OWN_PREFIX } from "./position.ts";
import type { StreamParser } from "./streamParser.ts";

/**
 * Whether the current command's first argument looks like one of the bridge's own keys: a source that was fed before
 * notes and forgets its own place in its stream. Asked for each command, so it reads one byte of most.
 */
export function mayBeOwn({ data, words, count }: StreamParser): boolean {
  const from = words[2] ?? 0;
  if (count < 2 || data[from] !== OWN_PREFIX[0]) return false;
  return (
    (words[3] ?? 0) - from > OWN_PREFIX.length &&
    data.compare(OWN_PREFIX, 0, OWN_PREFIX.length, from, from + OWN_PREFIX.length) === 0
  );
}

/** Whether a command touches the bridge's own keys only. @param keys undefined where they aren't known */
export function isOwnCommand(keys: readonly Buffer[] | undefined): boolean {
  return keys !== undefined && keys.length > 0 && keys.every(isOwnKey);
}
