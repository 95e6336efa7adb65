import type { Colour } from "../colour.ts";
import type { Verdict } from "../compatibility/rollbackVerdict.ts";
import type { Guardrails } from "../guardrails.ts";
import type { StandbyVerb } from "./standbyLink.ts";
import { runPhases, type CutoverSteps, type PhaseRecord } from "./phases.ts";

/** What the plan's sentences are made of; nothing that changes from one look to the next. */
export interface PlanInput {
  from: Colour;
  to: Colour;
  /** How `to` gets the writes of `from`. */
  verb: StandbyVerb;
  verdict: Verdict;
  guardrails: Guardrails;
  /** Where the RDB copy goes. */
  backupDirectory: string;
}

/** Says what each phase of a cutover would do. */
class DryRunCutover implements CutoverSteps {
  private readonly input: PlanInput;

  constructor(input: PlanInput) {
    this.input = input;
  }

  preflight = () =>
    Promise.resolve(
      `check ${this.input.from} and ${this.input.to} again; any failure stops here, nothing touched`,
    );

  link = () =>
    Promise.resolve(
      `see that ${this.input.to} ${this.input.verb} ${this.input.from} with at most ${this.input.guardrails.maxLagBytes} bytes of lag${this.comparison}`,
    );

  backup = () =>
    Promise.resolve(
      `copy ${this.input.from} as an RDB file to ${this.input.backupDirectory}, checksum verified`,
    );

  arm = () =>
    Promise.resolve(
      `have ${this.input.to} save what it holds to its disk, see that both can write their configuration, size the replication backlog of ${this.input.to} from the write rate, make ${this.input.from} keep its data whatever happens to the link`,
    );

  hold = () =>
    Promise.resolve(
      `hold writes on ${this.input.from}, for ${this.input.guardrails.pauseTimeoutMs} ms at most`,
    );

  "catch up" = () =>
    Promise.resolve(
      `wait until ${this.input.to} has every byte of ${this.input.from} (${this.input.guardrails.catchUpTimeoutMs} ms at most)${this.keyCounts}`,
    );

  fence = () =>
    Promise.resolve(`close ${this.input.from} for good, and see that it took nothing since writes were held`);

  promote = () =>
    Promise.resolve(
      `make ${this.input.to} a primary, both persisted; until here every failure goes back to ${this.input.from}, from here on every rerun finishes`,
    );

  switch = () =>
    Promise.resolve(
      `send clients to ${this.input.to}, shut their sessions on ${this.input.from}: writes go on`,
    );

  release = () =>
    Promise.resolve(
      {
        "lossless (native)": `make ${this.input.from} follow ${this.input.to}`,
        "lossless (translated)": this.feeding,
        lossy: this.feeding,
        "backup only": `leave ${this.input.from} as it is, refusing writes`,
      }[this.input.verdict.kind],
    );

  verify = () => Promise.resolve(`read and write through the endpoint`);

  "rollback link" = () => {
    const { from, to, verdict } = this.input;
    if (verdict.kind === "backup only") {
      return Promise.resolve(`none: rollback is by backup only: ${verdict.reason}`);
    }
    const link =
      verdict.kind === "lossless (native)"
        ? `${from} continues behind ${to} without a full copy`
        : `${from} gets everything that ${to} takes`;
    return Promise.resolve(`see that ${link}${this.comparison}: rollback stays ${verdict.kind}`);
  };

  /** A fed colour expires keys by itself, so that its number of keys says little. */
  private get keyCounts(): string {
    return this.input.verb === "follows" ? " and compare the number of keys" : "";
  }

  private get feeding(): string {
    return `have the bridge write to ${this.input.from} what ${this.input.to} takes, in the form that it understands`;
  }

  private get comparison(): string {
    const { verifyKeys } = this.input.guardrails;
    return verifyKeys === 0 ? "" : `, and that ${verifyKeys} keys agree by value and expiry`;
  }
}

/** The plan of a cutover: one sentence for each phase. */
export async function planCutover(input: PlanInput): Promise<string[]> {
  const records: PhaseRecord[] = [];
  await runPhases(new DryRunCutover(input), records, () => undefined);
  return records.map((record, i) => `${String(i + 1).padStart(2)}. ${record.name}: ${record.detail}`);
}
