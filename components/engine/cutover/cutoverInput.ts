import type { Backup } from "../backup/backup.ts";
import type { Address } from "../address.ts";
import type { Colour } from "../colour.ts";
import type { Verdict } from "../compatibility/rollbackVerdict.ts";
import type { Credentials } from "../credentials.ts";
import type { Deployment } from "../deployment.ts";
import type { Guardrails } from "../guardrails.ts";
import type { Progress } from "../progress.ts";
import type { Traffic } from "../traffic.ts";
import type { PhaseName } from "./phases.ts";

/** All that a cutover works with. */
export interface CutoverInput {
  /** The colour that serves clients now. */
  from: Deployment;
  /** The colour that is to serve them. */
  to: Deployment;
  traffic: Traffic;
  /** The write endpoint, as the operator reaches it. */
  endpoint: Address;
  credentials: Credentials;
  guardrails: Guardrails;
  /** Memory limit of a colour's servers in bytes; absent: the machine's memory. */
  memoryLimits?: Partial<Record<Colour, number>>;
  /** What the way back will be. */
  verdict: Verdict;
  /** Runs the live checks once more; throws if one fails; answers with a summary. */
  preflight: () => Promise<string>;
  /** Copies the old colour to a file; undefined where none is wanted. */
  backup: () => Promise<Pick<Backup, "file" | "bytes"> | undefined>;
  /** The name of a failed bake, noted on the old colour as soon as it is closed for good; absent: it has not failed. */
  rolledBack?: string;
  progress: Progress;
  /** Called before each phase. */
  onPhase?: (name: PhaseName) => void;
}

/** What a cutover measured; fields are absent where it did not get that far. */
export interface CutoverFigures {
  /**
   * From the pause on the old colour to the first moment the new one accepts a write. The proxy lets clients in right
   * after it; how long they waited for a write is theirs to measure. Milliseconds.
   */
  writePauseMs?: number;
  /** The offset at which the old colour stopped, which the new one had reached when it was promoted. */
  offset?: number;
  connectionsMoved?: number;
  keysCompared: number;
  keysDifferent: number;
  /** The RDB file that was taken. */
  backup?: string;
  /** The verdict after the rollback link was looked at. */
  verdict: Verdict;
}
