import { describe, expect, it } from "vitest";
import { lineage, type Lineage } from "../../components/engine/lineage.ts";
import type { ReplicationState } from "../../components/engine/replicationState.ts";

const NO_HISTORY = "0".repeat(40);

function at(
  replid: string,
  offset: number,
  replid2 = NO_HISTORY,
  secondOffset = -1,
): Pick<ReplicationState, "replid" | "offset" | "replid2" | "secondOffset"> {
  return { replid, offset, replid2, secondOffset };
}

type History = ReturnType<typeof at>;

function state(history: History): ReplicationState {
  return { role: "master", linkUp: false, syncInProgress: false, replicas: [], ...history };
}

/** What the other server is to the base. Offsets: the two were at 100 when the histories parted. */
const CASES: [name: string, base: History, other: History, expected: Lineage][] = [
  ["a replica at the same byte", at("B", 100), at("B", 100), "continues"],
  ["a replica that lags", at("B", 100), at("B", 1), "continues"],
  ["a replica that has more than a base that lost some", at("B", 100), at("B", 101), "unknown"],
  ["an old primary, stopped where the promoted one began", at("G", 100, "B", 101), at("B", 100), "continues"],
  [
    "an old primary, stopped before, after writes on the new one",
    at("G", 900, "B", 101),
    at("B", 40),
    "continues",
  ],
  ["an old primary that wrote one more byte", at("G", 100, "B", 101), at("B", 101), "unknown"],
  ["an old primary that wrote on", at("G", 900, "B", 101), at("B", 500), "unknown"],
  ["a promoted one, left alone", at("B", 100), at("G", 100, "B", 101), "nothing of its own"],
  [
    "a promoted one, left alone while the base wrote on",
    at("B", 900),
    at("G", 100, "B", 101),
    "nothing of its own",
  ],
  ["a promoted one that wrote", at("B", 900), at("G", 101, "B", 101), "unknown"],
  ["a promoted one that is ahead of a base that lost some", at("B", 99), at("G", 100, "B", 101), "unknown"],
  ["a base that was restarted as a primary", at("X", 100, "B", 90), at("G", 100, "B", 101), "unknown"],
  ["two that never met", at("B", 100), at("G", 100), "unknown"],
  ["two fresh ones: no history is not a common history", at("B", 0), at("G", 0), "unknown"],
];

describe("what one server holds compared with another", () => {
  it.each(CASES)("%s", (_, base, other, expected) => {
    expect(lineage(state(base), state(other))).toBe(expected);
  });

  it("counts what a promoted one added while it was closed to writes as expiry", () => {
    const base = state(at("B", 900));
    expect(lineage(base, state(at("G", 500, "B", 101)))).toBe("unknown");
    expect(lineage(base, state(at("G", 500, "B", 101)), true)).toBe("nothing of its own");
  });

  it("does not take a closed one for a leftover of a history that it doesn't come from", () => {
    expect(lineage(state(at("X", 900)), state(at("G", 500, "B", 101)), true)).toBe("unknown");
    expect(lineage(state(at("B", 99)), state(at("G", 500, "B", 101)), true)).toBe("unknown");
  });
});
