import { messageOf } from "../../engine/messageOf.ts";

/**
 * Prints lines while an update runs. They reach the user through the engine, which shows what a provider process
 * prints; they never hold a secret.
 */
export function say(...lines: string[]): void {
  for (const line of lines) console.log(line);
}

/** Whether a value that isn't known before the update is among these inputs. */
export function hasUnknowns(inputs: unknown): boolean {
  return JSON.stringify({ inputs }).includes("04da6b54-80e4-46f7-96ec-b56ff0331ba9");
}

/** An error whose message is all that is printed; the engine prints the stack of others. */
export function plainError(error: unknown): Error {
  const plain = new Error(messageOf(error));
  plain.stack = plain.message;
  return plain;
}
