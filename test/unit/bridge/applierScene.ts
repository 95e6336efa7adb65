import type { ApplierParts } from "../../../components/engine/bridge/applierParts.ts";
import { commandAt, type Batch, type BatchSink } from "../../../components/engine/bridge/batch.ts";
import { CommandTable } from "../../../components/engine/bridge/commandTable.ts";
import { Figures } from "../../../components/engine/bridge/figures.ts";
import { parsePosition, type Position } from "../../../components/engine/bridge/position.ts";
import { StaleKeys } from "../../../components/engine/bridge/staleKeys.ts";
import { StreamApplier } from "../../../components/engine/bridge/streamApplier.ts";
import type { StreamParser } from "../../../components/engine/bridge/streamParser.ts";
import { translationTable } from "../../../components/engine/bridge/translations/translationTable.ts";
import { Unrepresentable } from "../../../components/engine/bridge/unrepresentable.ts";

const NAMES = [
  "set",
  "incr",
  "del",
  "hset",
  "rpush",
  "lpop",
  "lmove",
  "rename",
  "sunionstore",
  "select",
  "multi",
  "exec",
  "persist",
];

/** Commands that both servers know. */
export const known = new Map(
  [...NAMES, "mset", "flushall", "swapdb", "mystery"].map((name) => [
    name,
    { arity: -2, first: 1, last: 1, step: 1, movable: false },
  ]),
);
const SEVERAL_KEYS = ["del", "lmove", "rename", "sunionstore"];
const REPLID = "c141cad2650533798f9b2a9f0ba469913484b5ec";
/** Where the stream begins. */
export const START: Position = {
  replid: REPLID,
  applied: { offset: 100, database: 0 },
  confirmed: { offset: 100, database: 0 },
  batches: 0,
  since: "-",
  copying: false,
};

/** A target that answers when it is told to. */
export class Sink implements BatchSink {
  readonly sent: Batch[] = [];
  inFlight = 0;
  full = false;

  begun = 0;

  begin(batch: Batch): void {
    this.begun++;
    batch.beginning();
  }

  send(batch: Batch): void {
    this.sent.push(batch);
    this.inFlight++;
  }

  /** All commands that were sent, without the three that end each batch: SELECT, and two that note the position. */
  commands(): string[] {
    return this.sent.flatMap(({ pieces, commands }) =>
      Array.from({ length: commands - 3 }, (_, i) => commandAt(pieces, i)?.words.join(" ") ?? ""),
    );
  }

  /** What the target's key says after the last batch. */
  position(): Position | undefined {
    const last = this.sent.at(-1);
    const words = last && commandAt(last.pieces, last.commands - 1)?.words;
    return parsePosition(String(words?.[2]));
  }
}

/**
 * Between servers of 7.0 of which the target doesn't know MYSTERY.
 * @param onAsked takes how to answer with its keys
 * @param parts in place of the others
 */
export function makeApplier(
  parser: StreamParser,
  sink: Sink,
  onAsked: (resolve: (keys: Buffer[]) => void) => void,
  parts: Partial<ApplierParts> = {},
): StreamApplier {
  const version = { product: "redis", version: "7.0" } as const;
  const applier = new StreamApplier({
    parser,
    rules: new CommandTable(
      translationTable({
        source: version,
        target: version,
        sourceCommands: known,
        targetCommands: new Map([...known].filter(([name]) => name !== "mystery")),
      }),
    ),
    sink,
    stale: new StaleKeys(),
    unrepresentable: new Unrepresentable(),
    figures: new Figures(),
    keysOf: (name, words) =>
      name === "mystery"
        ? undefined
        : name === "mset"
          ? words.filter((_, i) => i % 2 === 1)
          : words.slice(1, name === "lmove" ? 3 : SEVERAL_KEYS.includes(name) ? undefined : 2),
    askKeys: () => new Promise(onAsked),
    onAnswered: () => {
      applier.pump();
    },
    databases: 16,
    position: START,
    onAskedForOffset: () => undefined,
    onRestart: () => undefined,
    ...parts,
  });
  return applier;
}
