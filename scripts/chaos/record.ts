import { existsSync, readFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { isClean, type CaseResult } from "./caseResult.ts";
import { nameOf, type Case } from "./cases.ts";

/** Results of earlier runs and of this one, so that the matrix can be run in parts. */
export class CaseRecord {
  private readonly file: string | undefined;
  private readonly all = new Map<string, CaseResult>();

  /** @param file of JSON lines, made where it is not there; undefined: only this run is remembered */
  constructor(file: string | undefined) {
    this.file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      if (line !== "") this.remember(JSON.parse(line) as CaseResult);
    }
  }

  /** With a file the last result of each case; otherwise all, since a case may come by chance more than once. */
  get results(): CaseResult[] {
    return [...this.all.values()];
  }

  /** Whether the case has passed already. */
  hasPassed(one: Case): boolean {
    const result = this.all.get(nameOf(one));
    return this.file !== undefined && result !== undefined && isClean(result);
  }

  /** Adds a result. */
  async add(result: CaseResult): Promise<void> {
    this.remember(result);
    if (this.file !== undefined) await appendFile(this.file, `${JSON.stringify(result)}\n`);
  }

  private remember(result: CaseResult): void {
    const times = this.file === undefined ? `${this.all.size} ` : "";
    this.all.set(`${times}${nameOf(result.case)}`, result);
  }
}
