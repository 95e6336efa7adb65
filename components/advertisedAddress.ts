import { isIP } from "node:net";
import type { ColourArguments } from "./arguments.ts";
import { isLoopback } from "./engine/address.ts";

/**
 * The IP address of this machine on which the other colour's primary is published for an existing server, so that it can
 * follow; undefined where loopback does, or where the user sees to the way by a name.
 */
export function advertisedAddress(colour: ColourArguments<unknown> | undefined): string | undefined {
  const host = colour?.external === true ? colour.advertiseHost : undefined;
  return host === undefined || isLoopback(host) || isIP(host) === 0 ? undefined : host;
}
