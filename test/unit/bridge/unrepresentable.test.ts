import { beforeEach, describe, expect, it } from "vitest";
import { Unrepresentable } from "../../../components/engine/bridge/unrepresentable.ts";

const key = (name: string): Buffer => Buffer.from(name, "latin1");

it("names what can't be held by kind, until it is deleted, overwritten or flushed", () => {
  const named = new Unrepresentable();
  named.add("hash-field-expiry", 0, key("session:1"));
  named.add("hash-field-expiry", 3, key("with space \xff"));
  named.add("vectorset", 0, key("session:1"));
  named.add("vectorset", 0, key("session:1"));
  named.add("function", -1, key("library"));
  expect(named.summary()).toEqual({
    "hash-field-expiry": { count: 2, samples: ["0 session:1", "3 with space \\xff"] },
    vectorset: { count: 1, samples: ["0 session:1"] },
    function: { count: 1, samples: ["-1 library"] },
  });
  named.remove(0, key("session:1"));
  expect(Object.keys(named.summary())).toEqual(["hash-field-expiry", "function"]);
  named.flush(3);
  expect(Object.keys(named.summary())).toEqual(["function"]);
  named.add("vectorset", 0, key("v"));
  named.flush();
  expect(Object.keys(named.summary())).toEqual(["function"]);
  named.removeKind("function");
  expect(named.summary()).toEqual({});
});

it("notes each change once, and knows again what an earlier bridge noted", () => {
  const named = new Unrepresentable();
  named.add("hash-field-expiry", 2, key("a b"));
  const [note, ...further] = named.takeNotes();
  expect(further).toEqual([]);
  expect(note?.map(String)).toEqual(["SADD", "redis-bluegreen:unrepresentable", "hash-field-expiry 2 a b"]);
  const next = new Unrepresentable();
  next.restore(note?.[2] as Buffer);
  expect(next.hasNotes).toBe(false);
  expect(next.summary()).toEqual(named.summary());
  next.remove(2, key("a b"));
  expect(next.takeNotes().map((words) => words.map(String))).toEqual([
    ["SREM", "redis-bluegreen:unrepresentable", "hash-field-expiry 2 a b"],
  ]);
});

it("counts on where there are too many to tell apart", () => {
  const named = new Unrepresentable();
  for (let i = 0; i < 100_010; i++) named.add("vectorset", 0, key(`v:${i}`));
  const { count, samples } = named.summary()["vectorset"] ?? { count: 0, samples: [] };
  expect(count).toBe(100_010);
  expect(samples).toHaveLength(10);
});

describe("what isn't told apart", () => {
  let named: Unrepresentable;
  const notes = (): Set<string> => {
    const members = new Set<string>();
    for (const [change, , member] of named.takeNotes()) {
      if (change === "SADD") members.add(String(member));
      else members.delete(String(member));
    }
    return members;
  };

  beforeEach(() => {
    named = new Unrepresentable();
    for (let i = 0; i < 100_010; i++) named.add("vectorset", 0, key(`v:${i}`));
    for (let i = 0; i < 100_000; i++) named.remove(0, key(`v:${i}`));
  });

  it("is noted when all others are gone, until everything is", () => {
    expect(named.summary()).toEqual({ vectorset: { count: 10, samples: ["-2 not told apart"] } });
    named.flush(0);
    expect([...notes()]).toEqual(["vectorset -2 not told apart"]);
    named.noteAll();
    expect([...notes()]).toEqual(["vectorset -2 not told apart"]);
    named.flush();
    expect(named.takeNotes().map(String)).toEqual([
      "SREM,redis-bluegreen:unrepresentable,vectorset -2 not told apart",
    ]);
    expect(named.summary()).toEqual({});
  });

  it("doesn't hold libraries of functions, which outlive a flush", () => {
    for (let i = 0; i < 100_000; i++) named.add("vectorset", 0, key(`w:${i}`));
    named.add("function", -1, key("library"));
    named.flush();
    expect(named.summary()).toEqual({ function: { count: 1, samples: ["-1 library"] } });
  });

  it("is known to the next bridge", () => {
    const next = new Unrepresentable();
    for (const member of notes()) next.restore(key(member));
    expect(next.summary()).toEqual({ vectorset: { count: 1, samples: ["-2 not told apart"] } });
    expect(next.hasNotes).toBe(false);
    expect(next.size).toBe(0);
    next.removeKind("vectorset");
    expect(next.summary()).toEqual({});
  });
});

it("follows databases that change places", () => {
  const named = new Unrepresentable();
  named.add("vectorset", 0, key("both"));
  named.add("vectorset", 1, key("both"));
  named.add("vectorset", 1, key("with space \xff"));
  named.add("hash-field-expiry", 10, key("elsewhere"));
  named.takeNotes();
  named.swap(0, 1);
  expect(named.summary()).toEqual({
    vectorset: { count: 3, samples: ["1 both", "0 both", "0 with space \\xff"] },
    "hash-field-expiry": { count: 1, samples: ["10 elsewhere"] },
  });
  expect(named.takeNotes().map(([change]) => change)).toEqual([
    "SREM",
    "SREM",
    "SREM",
    "SADD",
    "SADD",
    "SADD",
  ]);
  expect(named.has(0, key("with space \xff"))).toBe(true);
  expect(named.has(1, key("with space \xff"))).toBe(false);
});
