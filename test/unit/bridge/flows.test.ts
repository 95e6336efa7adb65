import { expect, it } from "vitest";
import type { Check } from "../../../components/engine/bridge/batch.ts";
import { Flows, type Place } from "../../../components/engine/bridge/flows.ts";

const at = (database: number, name: string): Place => ({ database, key: Buffer.from(name) });
const failed = (database: number, ...names: string[]): Check[] => [
  { atLeast: 1, database, keys: names.map((name) => Buffer.from(name)) },
];
const reached = (flows: Flows, checks: Check[], confirmed: number): string[] =>
  [...flows.reached(checks, confirmed)].map(({ database, key }) => `${database} ${key.toString()}`);

it("follows a key to all names and databases that it went to since the last answers", () => {
  const flows = new Flows();
  flows.move(10, at(0, "early"), at(0, "before"), 0);
  flows.move(20, at(0, "early"), at(0, "a"), 0);
  flows.move(30, at(0, "a"), at(1, "b"), 0);
  flows.move(30, at(0, "b"), at(0, "other"), 0);
  flows.swap(40, 1, 2, 0);
  expect(reached(flows, failed(0, "early"), 10)).toEqual(["0 early", "0 a", "1 b", "2 b"]);
  expect(reached(flows, failed(0, "early"), 30)).toEqual(["0 early"]);
  expect(reached(flows, failed(2, "x", "x"), 30)).toEqual(["2 x", "1 x"]);
  expect(reached(flows, failed(2, "x"), 40)).toEqual(["2 x"]);
});

it("ends where data goes round", () => {
  const flows = new Flows();
  flows.move(10, at(0, "a"), at(0, "b"), 0);
  flows.move(20, at(0, "b"), at(0, "a"), 0);
  expect(reached(flows, failed(0, "b"), 0)).toEqual(["0 b", "0 a"]);
});

it("forgets what was answered, and nothing else", () => {
  const flows = new Flows();
  for (let i = 1; i <= 5_000; i++) flows.move(i, at(0, `from:${i}`), at(0, `to:${i}`), i - 2);
  expect(reached(flows, failed(0, "from:5000"), 4_998)).toEqual(["0 from:5000", "0 to:5000"]);
  expect(reached(flows, failed(0, "from:4999"), 4_998)).toEqual(["0 from:4999", "0 to:4999"]);
  expect(reached(flows, failed(0, "from:1"), 0)).toEqual(["0 from:1"]);
});
