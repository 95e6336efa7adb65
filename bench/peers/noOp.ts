import { TestStack } from "../../test/support/testStack.ts";
import { spreadOf, type Spread } from "./statistics.ts";
import { VERSIONS } from "./servers.ts";
import { StackWithoutUs } from "./stackWithoutUs.ts";

/** How long commands take where nothing is to be done. Milliseconds. */
export interface NoOpTimes {
  withUs: Record<"preview" | "up", Spread | null>;
  withoutUs: Record<"preview" | "up", Spread | null>;
}

const COMMANDS = { preview: ["preview"], up: ["up", "--yes", "--skip-preview"] };

/** Times no-op previews and ups of two stacks with the same containers in turn: this project's, and one without it. */
export async function measureNoOps(rounds: number, signal: AbortSignal): Promise<NoOpTimes> {
  const withUs = await TestStack.create("bench-with", {
    live: "blue",
    blue: { version: VERSIONS.blue },
    green: { version: VERSIONS.green },
  });
  let withoutUs: StackWithoutUs | undefined;
  try {
    withoutUs = await StackWithoutUs.create("bench-without", withUs);
    const runners = {
      withUs: (args: string[]) => withUs.mustPulumi(...args),
      withoutUs: (args: string[]) => requireStack(withoutUs).pulumi(...args),
    };
    for (const run of Object.values(runners)) await run(COMMANDS.up);
    return await takeTurns(runners, rounds, signal);
  } finally {
    await withoutUs?.remove();
    await withUs.remove();
  }
}

type Runner = (args: string[]) => Promise<string>;

async function takeTurns(
  runners: Record<keyof NoOpTimes, Runner>,
  rounds: number,
  signal: AbortSignal,
): Promise<NoOpTimes> {
  const taken = { withUs: noTimes(), withoutUs: noTimes() };
  for (let round = 0; round < rounds; round++) {
    for (const which of ["withUs", "withoutUs"] as const) {
      for (const command of ["preview", "up"] as const) {
        signal.throwIfAborted();
        const begun = performance.now();
        const output = await runners[which](COMMANDS[command]);
        taken[which][command].push(performance.now() - begun);
        if (!/^ {4}\d+ unchanged$/m.test(output)) throw new Error(`there was something to do:\n${output}`);
      }
    }
  }
  const spreads = ({ preview, up }: Record<"preview" | "up", number[]>) => ({
    preview: spreadOf(preview),
    up: spreadOf(up),
  });
  return { withUs: spreads(taken.withUs), withoutUs: spreads(taken.withoutUs) };
}

function noTimes(): Record<"preview" | "up", number[]> {
  return { preview: [], up: [] };
}

function requireStack(stack: StackWithoutUs | undefined): StackWithoutUs {
  if (stack === undefined) throw new Error("the stack without this project was not made");
  return stack;
}
