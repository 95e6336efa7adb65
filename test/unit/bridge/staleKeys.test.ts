import { expect, it } from "vitest";
import { StaleKeys } from "../../../components/engine/bridge/staleKeys.ts";

it("a key that was copied from a source that has emitted nothing yet is copied", () => {
  const stale = new StaleKeys();
  const entry = stale.add(0, Buffer.from("key"), 0);
  expect(stale.toCopy).toBe(1);
  stale.copied(entry, 0);
  expect([stale.toCopy, stale.take(1)]).toEqual([0, []]);
});
