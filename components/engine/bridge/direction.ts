import { COLOURS, otherColour, type Colour } from "../colour.ts";
import type { ServerGate } from "./serverGate.ts";

/** What a look at both servers gave: a server's gate, or why it could not be looked at. */
export type Looks = Record<Colour, ServerGate | Error>;

/** What is to be done, as both servers' gates tell it. */
export type Direction =
  /** One colour is fed: it takes what the other one emits. */
  | ({ is: "feeding"; source: Colour; target: Colour } & Pick<ServerGate, "handedOver" | "run" | "anew">)
  /** None is fed: the bridge is attached to one colour, and applies nothing. */
  | { is: "armed"; source: Colour }
  /** `unseen`: a server could not be looked at, so that the direction may be what it was. */
  | { is: "waiting"; reason: string; unseen: boolean };

/**
 * Tells the direction.
 * @param attached the colour that an armed bridge is attached to, and stays with while both are closed
 */
export function directionOf(looks: Looks, attached?: Colour): Direction {
  const gates: Partial<Record<Colour, ServerGate>> = {};
  for (const colour of COLOURS) {
    const look = looks[colour];
    if (look instanceof Error) {
      return { is: "waiting", reason: `${colour} can't be looked at: ${look.message}`, unseen: true };
    }
    gates[colour] = look;
  }
  const fed = COLOURS.filter((colour) => gates[colour]?.fed);
  const [target] = fed;
  if (fed.length > 1) return { is: "waiting", reason: "both blue and green are to be fed", unseen: false };
  if (target !== undefined) {
    const { handedOver, run, anew } = gates[target] ?? {};
    const source = otherColour(target);
    return {
      is: "feeding",
      source,
      target,
      ...(handedOver === undefined ? {} : { handedOver }),
      ...(run === undefined ? {} : { run }),
      ...(anew === undefined ? {} : { anew }),
    };
  }
  const closed = COLOURS.filter((colour) => !gates[colour]?.open);
  const [first] = closed;
  if (first === undefined) {
    return { is: "waiting", reason: "both blue and green are open to clients", unseen: false };
  }
  return { is: "armed", source: attached !== undefined && closed.includes(attached) ? attached : first };
}

/** Whether two looks ask for the same. */
export function isSameDirection(one: Direction, other: Direction): boolean {
  if (one.is === "feeding" && other.is === "feeding") {
    return (
      one.target === other.target &&
      one.anew === other.anew &&
      one.handedOver?.replid === other.handedOver?.replid &&
      one.handedOver?.offset === other.handedOver?.offset
    );
  }
  if (one.is === "armed" && other.is === "armed") return one.source === other.source;
  return one.is === "waiting" && other.is === "waiting" && one.reason === other.reason;
}
