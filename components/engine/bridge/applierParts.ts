import type { BatchSink } from "./batch.ts";
import type { CommandTable } from "./commandTable.ts";
import type { Figures } from "./figures.ts";
import type { Position } from "./position.ts";
import type { StaleKeys } from "./staleKeys.ts";
import type { StreamParser } from "./streamParser.ts";
import type { Rule } from "./translations/rule.ts";
import type { Unrepresentable } from "./unrepresentable.ts";

/** What the applier works with. */
export interface ApplierParts {
  parser: StreamParser;
  rules: CommandTable<Rule>;
  sink: BatchSink;
  stale: StaleKeys;
  unrepresentable: Unrepresentable;
  figures: Figures;
  /** The keys of a command; undefined where only the source can tell. */
  keysOf: (name: string, words: readonly Buffer[]) => Buffer[] | undefined;
  /** Asks the source. */
  askKeys: (words: readonly Buffer[]) => Promise<Buffer[]>;
  /** The source has answered, and there may be more to read. */
  onAnswered: () => void;
  /** Databases of the target. */
  databases: number;
  /** Where the stream begins, and what the target has of it. */
  position: Position;
  /** The source wants to know how far this is. */
  onAskedForOffset: () => void;
  /** The copy can't be gone on with: it has to begin again. */
  onRestart: (reason: string) => void;
}
