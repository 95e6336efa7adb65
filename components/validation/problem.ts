/** Where a key stands, as the user finds it: `green.version` → `redis-bluegreen:green.version`. */
export type PathOf = (key: string) => string;

/** What is wrong with one value, in clauses that `Problem.message` joins. None of them ever holds a password. */
export interface Finding {
  /** What is there, e.g. `the number 7`. */
  found: string;
  /** What may be there, e.g. `text such as "7.0"`. */
  allowed: string;
  /** What to do, as an imperative without a full stop. */
  cure: string;
}

/** One reason why a configuration is refused. */
export interface Problem extends Finding {
  /** Where it stands, as the user finds it. */
  path: string;
  /** All of it in one sentence. */
  message: string;
}

/** Collects what is wrong, so that everything is reported at once. */
export class Problems {
  readonly list: Problem[] = [];
  readonly path: PathOf;

  /** @param path how keys are named in messages */
  constructor(path: PathOf) {
    this.path = path;
  }

  /** Notes that the value at `key` is refused. */
  add(key: string, finding: Finding): void {
    const path = this.path(key);
    const message = `${path} is ${finding.found}, but must be ${finding.allowed}: ${finding.cure}.`;
    this.list.push({ path, ...finding, message });
  }
}

/** The problems as a numbered list under a heading, for an error that a person reads. */
export function formatProblems(heading: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map((problem, i) => `  ${i + 1}. ${problem.message}`);
  return [`${heading} has ${count}; nothing was changed:`, ...lines].join("\n");
}
