/** Where a part of the ground came from. `found`: it is the machine's own and its origin doesn't matter. */
export type Origin = "found" | "official" | "built" | "distribution" | "stand-in";

/** What one part turned out to be on this machine. */
export interface PartReport {
  origin: Origin;
  /** For people: a version, a path, the reason for a stand-in. */
  detail: string;
}

/** Tells what a long step is doing; shown with the elapsed time. */
export type Progress = (stage: string) => void;

/** Something that the demo or the tests need on this machine. */
export interface Part {
  /** Key in the report. */
  key: string;
  name: string;
  /** What it is needed for, to complete "needed to …". */
  why: string;
  /** Without it only the tests that use it fail, so that its absence is reported but no error. */
  optional: boolean;
  /** What is there already, changing nothing; undefined where the part must be got. */
  find(): Promise<PartReport | undefined>;
  /**
   * Gets what `find` didn't see.
   * @throws SetupError that says what to install
   */
  get(progress: Progress): Promise<PartReport>;
}

/** A part that this machine can't get by itself; the message says what to do. */
export class SetupError extends Error {
  override name = "SetupError";
}

const HOW: Record<Origin, string> = {
  found: "this machine's own",
  official: "official release",
  built: "built from packages",
  distribution: "installed from the distribution",
  "stand-in": "stand-in from test/ground",
};

/** What happened to a part: `missing` is what a check reports where a set-up would act. */
export type Outcome =
  | { state: "ready" | "now ready"; report: PartReport }
  | { state: "missing" }
  | { state: "not to be had"; reason: string };

/** The one line that stands for a part. */
export function formatOutcome(part: Part, outcome: Outcome, milliseconds: number): string {
  const time = `${(milliseconds / 1000).toFixed(1)} s`;
  const subject = `${part.name} (to ${part.why})`;
  switch (outcome.state) {
    case "ready":
    case "now ready": {
      const { origin, detail } = outcome.report;
      return `ok    ${subject}: ${outcome.state}, ${HOW[origin]}, ${detail}; ${time}`;
    }
    case "missing":
      return `${mark(part)} ${subject}: missing; ${time}`;
    case "not to be had":
      return `${mark(part)} ${subject}: ${outcome.reason} (${time})`;
  }
}

function mark(part: Part): string {
  return part.optional ? "warn " : "FAIL ";
}
