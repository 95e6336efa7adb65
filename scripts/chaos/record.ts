import { existsSync, readFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { isClean, type CaseResult } from "./caseResult.ts";
import { nameOf, type Case } from "./cases.ts";
import { USUAL, type Versions } from "./grounds.ts";

/** Results of earlier runs and of this one, with the same versions, so that the matrix can be run in parts. */
export class CaseRecord {
  private readonly file: string | undefined;
  private readonly all = new Map<string, CaseResult>();
  private readonly added = new Set<CaseResult>();

  /**
   * @param file of JSON lines, made where it is not there; undefined: only this run is remembered
   * @param versions results with other ones stay in the file and count for nothing
   */
  constructor(file: string | undefined, versions: Versions) {
    this.file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      if (line === "") continue;
      const result = JSON.parse(line) as CaseResult;
      const { blue, green } = result.versions ?? USUAL;
      if (blue === versions.blue && green === versions.green) this.remember(result);
    }
  }

  /** With a file the last result of each case; otherwise all, since a case may come by chance more than once. */
  get results(): CaseResult[] {
    return [...this.all.values()];
  }

  /** How many of these are from earlier runs, and perhaps of another state of the program. */
  get earlier(): number {
    return this.results.filter((result) => !this.added.has(result)).length;
  }

  /** Whether the case has passed already. */
  hasPassed(one: Case): boolean {
    const result = this.all.get(nameOf(one));
    return this.file !== undefined && result !== undefined && isClean(result);
  }

  /** Adds a result. */
  async add(result: CaseResult): Promise<void> {
    this.remember(result);
    this.added.add(result);
    if (this.file !== undefined) await appendFile(this.file, `${JSON.stringify(result)}\n`);
  }

  private remember(result: CaseResult): void {
    const times = this.file === undefined ? `${this.all.size} ` : "";
    this.all.set(`${times}${nameOf(result.case)}`, result);
  }
}
