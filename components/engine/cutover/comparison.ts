import type { Deployment } from "../deployment.ts";
import { appliedOffset } from "../feedProgress.ts";
import { isFed, readGate } from "../gate.ts";
import type { Guardrails } from "../guardrails.ts";
import { RefusedError, type Progress } from "../progress.ts";
import { compareDatasets, describeSamples, type CompareOptions } from "../verification/compareDatasets.ts";
import { whileAwake } from "../whileAwake.ts";
import type { CutoverFigures } from "./cutoverInput.ts";

/** How many keys a line of progress names. */
const NAMED_KEYS = 3;

/** How two colours are compared, and where it is counted. */
export interface ColourComparison {
  keys: Guardrails["verifyKeys"];
  /** What was compared and found different is added to these, also where it throws. */
  figures: Pick<CutoverFigures, "keysCompared" | "keysDifferent">;
  /** Told of keys that could not be compared. */
  progress: Progress;
}

/**
 * Compares a colour with the one that it gets its data from, whether as a replica or from the bridge.
 * @throws RefusedError where a key differs; what `compareDatasets` throws
 */
export async function expectSameKeys(
  source: Deployment,
  other: Deployment,
  { keys, figures, progress }: ColourComparison,
): Promise<void> {
  if (keys === 0) return;
  const options = { keys, ...(await fedOptions(other)) };
  const result = await whileAwake([source, other], () =>
    compareDatasets(source.primary, other.primary, options),
  );
  figures.keysCompared += result.keysCompared;
  figures.keysDifferent += result.keysDifferent;
  if (result.keysDifferent > 0) {
    throw new RefusedError(
      `${result.keysDifferent} of ${result.keysCompared} keys differ between ${source.colour} and ${other.colour}: ${describeSamples(result.samples)}`,
    );
  }
  if (result.keysUndecided > 0) {
    progress(
      `${result.keysUndecided} keys could not be compared, such as ${describeSamples(result.samples.slice(0, NAMED_KEYS))}`,
    );
  }
}

/** A colour that the bridge feeds has its position where a replica has an offset, and notes of what it has no form for. */
async function fedOptions({
  primary,
}: Deployment): Promise<Pick<CompareOptions, "appliedOffset" | "notesIn">> {
  const gate = await readGate(primary);
  const fed = isFed(gate) ? gate.fed : undefined;
  if (fed === undefined) return {};
  return { appliedOffset: async () => (await appliedOffset(primary)) ?? 0, notesIn: fed.lastDatabase };
}
