/** A slot that holds one Redis deployment. */
export type Colour = "blue" | "green";

/** Both colours, in the order in which messages name them. */
export const COLOURS: readonly Colour[] = ["blue", "green"];

/** The other colour. */
export function otherColour(colour: Colour): Colour {
  return colour === "blue" ? "green" : "blue";
}
