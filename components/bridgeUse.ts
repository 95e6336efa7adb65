import type { Arguments } from "./arguments.ts";
import { needsBridge } from "./engine/compatibility/rollbackVerdict.ts";

/** Whether a bridge stands beside the colours: an existing server has users of its own, and none for it. */
export function isBridged({
  blue,
  green,
  bridge,
}: Pick<Arguments<unknown>, "blue" | "green" | "bridge">): boolean {
  if (blue?.external !== false || green?.external !== false) return false;
  return bridge.use === "always" || (bridge.use === "auto" && needsBridge(blue, green));
}
