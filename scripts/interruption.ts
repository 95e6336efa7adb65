/** A Ctrl-C arrives twice under npm, which passes on what the terminal has sent to this process already. */
const SAME_INTERRUPTION_MS = 1_000;

/** What is printed when a script is interrupted. */
export interface InterruptionTexts {
  /** What happens now, and what another Ctrl-C would do. */
  first: string;
  /** What another one leaves behind. */
  second: string;
}

/**
 * Takes over Ctrl-C and SIGTERM: the first one aborts, so that the script can clean up; another one, more than a second
 * later, ends the process with exit code 130.
 * @param reason what the script was interrupted in: the message of the signal's reason
 */
export function interruption(
  reason: string,
  texts: InterruptionTexts,
  program: Pick<NodeJS.Process, "on" | "exit"> = process,
): AbortSignal {
  const controller = new AbortController();
  let since = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    program.on(name, () => {
      if (!controller.signal.aborted) {
        since = performance.now();
        console.error(`\n${texts.first}`);
        controller.abort(new Error(reason));
      } else if (performance.now() - since > SAME_INTERRUPTION_MS) {
        console.error(texts.second);
        program.exit(130);
      }
    });
  }
  return controller.signal;
}
