import { expect, it } from "vitest";
import { MOST_STALE, StaleKeys } from "../../../components/engine/bridge/staleKeys.ts";

it("a key that was copied from a source that has emitted nothing yet is copied", () => {
  const stale = new StaleKeys();
  const entry = stale.add(0, Buffer.from("key"), 0);
  expect(stale.toCopy).toBe(1);
  stale.copied(entry, 0);
  expect([stale.toCopy, stale.take(1)]).toEqual([0, []]);
});

it.each(["to be copied", "ahead of the stream"])(
  "keeps no more keys that are %s than it can hold",
  (what) => {
    const stale = new StaleKeys();
    let tooMany = 0;
    stale.onTooMany = () => tooMany++;
    for (let i = 0; i < 200_000; i++) {
      const entry = stale.add(0, Buffer.from(`session:${i}`), i);
      if (what !== "to be copied" && tooMany === 0) stale.copied(entry, 1_000_000);
    }
    expect(stale.size).toBeLessThan(MOST_STALE);
    expect(stale.size).toBeGreaterThan(50_000);
    expect(tooMany).toBe(200_000 - stale.size);
    expect(stale.crowded).toBe(true);
    for (const entry of stale.take(Infinity)) stale.copied(entry, 1_000_000);
    stale.passed(1_000_000);
    expect([stale.size, stale.crowded]).toEqual([0, false]);
  },
);

it("counts what long keys take", () => {
  const stale = new StaleKeys();
  for (let i = 0; i < 100; i++) stale.add(0, Buffer.alloc(1024 * 1024, `${i}`), i);
  expect(stale.size).toBeLessThan(20);
});
