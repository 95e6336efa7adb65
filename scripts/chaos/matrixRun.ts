import { messageOf } from "../../components/engine/messageOf.ts";
import { WentOnError } from "../../test/support/runningUpdate.ts";
import { Arenas, type Arena } from "./arena.ts";
import { isClean, isHarmful, notRun, type CaseResult } from "./caseResult.ts";
import { nameOf, randomCases, type Case } from "./cases.ts";
import { sentenceOf } from "./converge.ts";
import { FAULTS } from "./faults/index.ts";
import { USUAL } from "./grounds.ts";
import { missingFor } from "./missing.ts";
import type { ChaosOptions } from "./options.ts";
import type { CaseRecord } from "./record.ts";
import { runCase } from "./runCase.ts";
import { progressLine } from "./table.ts";

/** After so many cases that could not be run it is the machine, or this program. */
const GIVE_UP = 3;
/** How often a case is tried whose fault comes too late for its phase. */
const TRIES = 3;

/** Runs cases and says what became of each. */
export class MatrixRun {
  private readonly options: ChaosOptions;
  private readonly record: CaseRecord;
  private readonly stop: AbortSignal;
  private readonly deadline: number;
  private number = 0;
  private notRunInARow = 0;
  private hasFailed = false;

  /** @param stop ends the run after the cases that are under way */
  constructor(options: ChaosOptions, record: CaseRecord, stop: AbortSignal) {
    this.options = options;
    this.record = record;
    this.stop = stop;
    this.deadline = performance.now() + options.minutes * 60_000;
  }

  /**
   * Runs the cases that have not passed yet, as many at a time as there are jobs, each on stacks of its own.
   * @returns what kept it from going on or from cleaning up, in words; the results until then are in the record
   */
  async run(): Promise<string[]> {
    const { cases, jobs, seed } = this.options;
    if (cases === undefined) console.log(`seed ${seed}`);
    const missing = await missingFor();
    for (const [fault, lacks] of missing) console.log(`left out: ${fault}, which needs ${lacks}`);
    const isWanted = (one: Case): boolean => !missing.has(one.fault) && !this.record.hasPassed(one);
    // A case and its way back stay on one stack.
    const queue = cases === undefined ? inChunks(randomCases(seed), 1) : inChunks(cases, 2);
    const workers = Array.from({ length: jobs }, (_, job) => this.work(queue, job, isWanted));
    return (await Promise.all(workers)).flat();
  }

  /** Works on the queue until it is empty, the time is up or any worker has failed, and removes its stacks. */
  private async work(
    queue: Generator<Case[], void>,
    job: number,
    isWanted: (one: Case) => boolean,
  ): Promise<string[]> {
    const arenas = new Arenas(this.options.versions, job);
    const problems: string[] = [];
    const note = (error: unknown): void => {
      problems.push(messageOf(error));
    };
    await this.workOff(queue, arenas, isWanted).catch((error: unknown) => {
      this.hasFailed = true;
      note(error);
    });
    if (!this.options.keep) await arenas.remove().catch(note);
    return problems;
  }

  private async workOff(
    queue: Generator<Case[], void>,
    arenas: Arenas,
    isWanted: (one: Case) => boolean,
  ): Promise<void> {
    for (const chunk of queue) {
      for (const one of chunk) {
        if (this.hasFailed || this.stop.aborted || performance.now() > this.deadline) return;
        if (!isWanted(one)) continue;
        const { ground } = FAULTS[one.fault];
        // By chance the grounds change with every case.
        const isByChance = this.options.cases === undefined;
        await this.runOne(one, isByChance ? arenas.on(ground) : await arenas.only(ground));
      }
    }
  }

  private async runOne(one: Case, arena: Arena): Promise<void> {
    this.number += 1;
    const place = this.number;
    const begin = performance.now();
    const result = await attempt(one, arena, this.options.seed + place - 1);
    // Ctrl-C reaches the case's own commands as well: what failed then says nothing about the case.
    const isBroken = this.stop.aborted && !isClean(result) && !isHarmful(result);
    if (!isBroken) await this.record.add(result);
    console.log(progressLine(result, place, (performance.now() - begin) / 1000));
    if (isBroken) console.log("    not counted, as the run was interrupted meanwhile");
    if (!isClean(result)) explain(result);
    this.notRunInARow = result.outcome === "not run" ? this.notRunInARow + 1 : 0;
    if (this.notRunInARow >= GIVE_UP) {
      throw new Error(`${GIVE_UP} cases in a row could not be run: ${result.sentence ?? ""}`);
    }
  }
}

function* inChunks(cases: Iterable<Case>, size: number): Generator<Case[], void> {
  let chunk: Case[] = [];
  for (const one of cases) {
    chunk.push(one);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function explain(result: CaseResult): void {
  for (const finding of result.findings) console.log(`    ${finding}`);
  if (result.sentence !== undefined) console.log(`    ${result.sentence}`);
  console.log(`    again: ${commandFor(result)}`);
}

/** What is typed to run a case again as it was. */
export function commandFor({ case: one, versions = USUAL, seed }: CaseResult): string {
  const options = [
    ...["--only", nameOf(one), "--blue", versions.blue, "--green", versions.green],
    ...(seed === undefined ? [] : ["--seed", String(seed)]),
  ];
  return `npm run chaos -- ${options.join(" ")}`;
}

/** A case that can't be carried out counts as one that did not converge; one that came too late is tried again. */
async function attempt(one: Case, arena: Arena, seed: number): Promise<CaseResult> {
  for (let tries = 1; ; tries++) {
    try {
      return await runCase(one, arena, seed);
    } catch (error) {
      arena.spoil();
      if (error instanceof WentOnError && tries < TRIES) {
        console.log(`    again, since ${error.message}`);
        continue;
      }
      return notRun(one, reasonOf(error), { versions: arena.versions, seed });
    }
  }
}

/** A line of it: the output of a command that failed may be in there. */
function reasonOf(error: unknown): string {
  const text = messageOf(error);
  const [first = "", ...rest] = text.split("\n");
  return rest.length === 0 ? first : `${first} ${sentenceOf(rest.join("\n"))}`;
}
