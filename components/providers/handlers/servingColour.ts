import type { Address } from "../../engine/address.ts";
import { admitsClients } from "../../engine/admission.ts";
import type { ChangeRequest, ColourSpec } from "../../engine/changeRules.ts";
import { COLOURS, type Colour } from "../../engine/colour.ts";
import { splitPort } from "./splitPort.ts";

/**
 * The colour of the last update that serves clients, told by the servers themselves; undefined where none says so, or
 * both do. The stored one may be wrong: an update that was refused or abandoned by the switch has stored already what it
 * was to make live.
 */
export async function servingColour(last: ChangeRequest): Promise<Colour | undefined> {
  const asked = COLOURS.map(async (colour) => {
    const address = addressOf(last[colour]);
    return address !== undefined && (await admitsClients(address)) === true ? [colour] : [];
  });
  const serving = (await Promise.all(asked)).flat();
  return serving.length === 1 ? serving[0] : undefined;
}

/** Where a colour is asked from this machine; undefined where an older state doesn't say. */
function addressOf(spec: ColourSpec | undefined): Address | undefined {
  if (spec?.address !== undefined) return splitPort(spec.address);
  if (spec?.operatorPort === undefined) return undefined;
  return { host: "127.0.0.1", port: spec.operatorPort };
}
