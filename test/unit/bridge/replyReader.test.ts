import { expect, it } from "vitest";
import { Batch, type BatchOutcome } from "../../../components/engine/bridge/batch.ts";
import { ReplyReader } from "../../../components/engine/bridge/replyReader.ts";

function outcomesOf(replies: string, cut: number): BatchOutcome[] {
  const key = [Buffer.from("k")];
  const batches = [new Batch(), new Batch()];
  for (const batch of batches) {
    batch.add(["SET", "a", "b"]);
    batch.add(["PEXPIREAT", "k", "1"], { atLeast: 1, database: 0, keys: key });
    batch.add(["RPOPLPUSH", "a", "b"]);
    batch.add(["XRANGE", "k", "1", "1"], { atLeast: 1, database: 0, keys: key });
  }
  const outcomes: BatchOutcome[] = [];
  const reader = new ReplyReader(() => batches[0]!);
  for (const batch of batches) {
    batch.onEnd((outcome) => {
      outcomes.push(outcome);
      batches.shift();
    });
  }
  const bytes = Buffer.from(replies);
  reader.push(bytes.subarray(0, cut));
  reader.push(bytes.subarray(cut));
  return outcomes;
}

const QUEUED = "+OK\r\n" + "+QUEUED\r\n".repeat(4);
const GOOD = `${QUEUED}*4\r\n+OK\r\n:1\r\n$5\r\n+Q\r\n:\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$-1\r\n`;
const BAD = `${QUEUED}*4\r\n-WRONGTYPE no\r\n:0\r\n$-1\r\n*0\r\n`;
const REFUSED = `+OK\r\n+QUEUED\r\n-NOPERM no\r\n+QUEUED\r\n+QUEUED\r\n-EXECABORT discarded\r\n`;

it("looks at each integer in a checked list, and at its length", () => {
  const unmet = (reply: string): number => {
    const batch = new Batch();
    let found = -1;
    const check = { atLeast: 2, eachAtLeast: 0, database: 0, keys: [Buffer.from("h")] };
    batch.add(["HPTTL", "h", "FIELDS", "2", "f", "g"], check, { ...check, keys: [Buffer.from("other")] });
    batch.add(["HPTTL", "unchecked", "FIELDS", "1", "f"]);
    batch.onEnd((outcome) => (found = outcome.unmet.length));
    new ReplyReader(() => batch).push(
      Buffer.from(`+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n${reply}*1\r\n:-2\r\n`),
    );
    return found;
  };
  expect(unmet("*2\r\n:0\r\n:70\r\n")).toBe(0);
  expect(unmet("*2\r\n:0\r\n:-1\r\n")).toBe(2);
  expect(unmet("*2\r\n:-2\r\n:-2\r\n")).toBe(2);
  expect(unmet("*1\r\n:0\r\n")).toBe(2);
  expect(unmet("$-1\r\n")).toBe(2);
  expect(unmet("-WRONGTYPE no\r\n")).toBe(2);
});

it("tells how transactions ended, wherever their replies are cut", () => {
  for (const [first, second] of [
    [GOOD, BAD],
    [REFUSED, GOOD],
  ]) {
    const replies = `${first ?? ""}${second ?? ""}`;
    const whole = outcomesOf(replies, replies.length);
    for (let cut = 0; cut < replies.length; cut++) expect(outcomesOf(replies, cut)).toEqual(whole);
  }
  const [good, bad] = outcomesOf(GOOD + BAD, 0);
  expect(good).toEqual({ failures: [], unmet: [] });
  expect(bad?.failures).toEqual([{ index: 0, message: "WRONGTYPE no" }]);
  expect(bad?.unmet).toHaveLength(2);
  expect(outcomesOf(REFUSED + GOOD, 0)[0]?.refused).toBe("PEXPIREAT: NOPERM no");
});

it("refuses what nothing asked for, rather than take it for the answer to something", () => {
  // Before the first answer, among those of commands that were queued, before EXEC's, and in its list.
  for (const at of [0, 5, 14, 41, 45, 50]) {
    for (const answer of ["+OK\r\n", ":1\r\n"]) {
      const replies = GOOD.slice(0, at) + answer + GOOD.slice(at) + GOOD;
      expect(() => outcomesOf(replies, 7), `${answer.trim()} at ${at}`).toThrow(
        "an answer that nothing asked for",
      );
    }
  }
});
