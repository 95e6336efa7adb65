/** Where long work says what it is doing: one line each, for a person. */
export type Progress = (line: string) => void;

/** Thrown when something is refused or can't go on; the message says what state things are in and what to do next. */
export class RefusedError extends Error {
  override name = "RefusedError";
}
