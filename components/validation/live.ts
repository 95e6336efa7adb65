import { COLOURS, type Colour } from "../engine/colour.ts";
import type { ColourReading } from "./colour.ts";
import type { Section } from "./section.ts";

/** Reads `live`, which must name a colour that is there. */
export function readLive(root: Section, colours: Record<Colour, ColourReading>): Colour | undefined {
  const given = COLOURS.filter((colour) => colours[colour].given);
  if (given.length === 0) {
    root.refuse("blue", {
      found: `missing, and so is ${root.pathOf("green")}`,
      allowed: "given for at least the live colour",
      cure: `give it a version, e.g. version: "7.0"; to remove the live deployment use pulumi destroy`,
    });
  }
  if (!root.has("live")) {
    root.refuse("live", {
      found: "missing",
      allowed: "blue or green",
      cure: "set it to the colour that serves clients",
    });
    return;
  }
  const live = root.choice("live", COLOURS);
  if (live === undefined || given.length === 0 || given.includes(live)) return live;
  root.refuse("live", {
    found: `${live}, a colour without a deployment`,
    allowed: given.join(),
    cure: `set it to ${given.join()}, or add ${root.pathOf(live)} and cut over once it is in sync`,
  });
}
