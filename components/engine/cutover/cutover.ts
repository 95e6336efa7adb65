import { messageOf } from "../messageOf.ts";
import { abandonCutover } from "./abandon.ts";
import type { CutoverFigures, CutoverInput } from "./cutoverInput.ts";
import { runPhases, type PhaseRecord } from "./phases.ts";
import { RealCutover } from "./realCutover.ts";

/** What a cutover did. */
export interface CutoverResult {
  phases: PhaseRecord[];
  figures: CutoverFigures;
}

/** A cutover that did not get to its end; the message says why, what state things are in and what to do next. */
export class CutoverError extends Error {
  override name = "CutoverError";
  readonly result: CutoverResult;
  /** Whether the old colour serves as before, rather than the next update having to finish. */
  readonly abandoned: boolean;

  constructor(message: string, result: CutoverResult, abandoned: boolean, cause: unknown) {
    super(message, { cause });
    this.result = result;
    this.abandoned = abandoned;
  }
}

/**
 * Moves `live` from one colour to the other.
 * @throws CutoverError: before the point of no return with everything put back to the old colour; after it with the
 *   new colour holding every byte, for the next update to finish
 */
export async function cutOver(input: CutoverInput): Promise<CutoverResult> {
  const steps = new RealCutover(input);
  const phases: PhaseRecord[] = [];
  try {
    await runPhases(steps, phases, input.progress, input.onPhase);
    return { phases, figures: steps.figures };
  } catch (error) {
    const reason = messageOf(error);
    const result = { phases, figures: steps.figures };
    if (steps.committed) {
      const message = `cutover to ${input.to.colour} is not finished: ${reason}. ${input.from.colour} is closed and ${input.to.colour} holds every write; run pulumi up again to finish`;
      throw new CutoverError(message, result, false, error);
    }
    const state = await abandonCutover(input, steps.handover);
    throw new CutoverError(
      `cutover to ${input.to.colour} abandoned: ${reason}. State: ${state}. Mend that and run pulumi up again`,
      result,
      true,
      error,
    );
  }
}
