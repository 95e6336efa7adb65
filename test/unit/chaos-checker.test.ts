import { describe, expect, test } from "vitest";
import { checkHistories } from "../../scripts/chaos/checker/check.ts";
import {
  KINDS,
  type Call,
  type FinalValue,
  type KeyHistory,
  type KeyType,
} from "../../scripts/chaos/checker/history.ts";
import { carryOut, isLinearizable } from "../support/workload/linearizable.ts";
import { Random } from "../support/workload/random.ts";

const TYPES = Object.keys(KINDS) as KeyType[];
const SEEDS = 400;

/** Calls of clients that overlap in time, carried out one after the other by a correct server. */
function correctHistory(type: KeyType, random: Random, calls: number, unknown = 0.15): KeyHistory {
  const history: KeyHistory = { key: type, type, calls: [], final: undefined };
  let state: readonly number[] = [];
  for (let i = 1; i <= calls; i++) {
    const kinds = KINDS[type];
    const kind = kinds[random.between(0, kinds.length - 1)] ?? kinds[0];
    // Members of a set are few, so that they are added twice and looked for when they are there.
    const value = type === "set" ? random.between(1, 5) : kind === "set" || kind === "push" ? i : 0;
    const at = i * 10 + random.next();
    const isUnknown = random.next() < unknown;
    const call: Call = {
      key: type,
      kind,
      value,
      invokedAt: at - random.next() * 25,
      endedAt: isUnknown ? Infinity : at + random.next() * 25,
      outcome: isUnknown ? "unknown" : "ok",
    };
    if (!isUnknown || random.next() < 0.5) {
      const { next, reply } = carryOut(state, call);
      state = next;
      if (!isUnknown) call.reply = reply;
    }
    history.calls.push(call);
  }
  return { ...history, final: finalOf(type, state) };
}

function finalOf(type: KeyType, state: readonly number[]): FinalValue {
  const isNumber = type === "counter" || type === "register";
  return isNumber ? { type, number: state[0] ?? 0 } : { type, values: [...state] };
}

/** One thing changed, which may or may not leave a possible history. */
function tampered(history: KeyHistory, random: Random): KeyHistory {
  const calls = history.calls.map((call) => ({ ...call }));
  const { type, number = 0, values = [] } = history.final ?? { type: history.type };
  const final: FinalValue = { type, number, values: [...values] };
  const victim = calls[random.between(0, calls.length - 1)];
  const draw = random.between(0, 4);
  if (draw === 0 && victim?.reply !== undefined) victim.reply = anotherReply(victim, victim.reply, random);
  if (draw === 1 && victim !== undefined) {
    victim.invokedAt -= 40;
    if (victim.endedAt !== Infinity) victim.endedAt -= 40;
  }
  if (draw === 2) final.number = Math.max(0, number + random.between(-3, 3));
  if (draw === 3) final.values?.splice(random.between(0, values.length), 1);
  if (draw === 4)
    final.values?.splice(random.between(0, values.length), 0, random.between(1, calls.length + 1));
  if (type === "set") final.values = [...new Set(final.values)];
  return { ...history, calls, final };
}

/** Only what a server could say: SET has no answer of its own, and membership is yes or no. */
function anotherReply({ kind }: Call, reply: number, random: Random): number {
  if (kind === "set") return reply;
  if (kind === "add" || kind === "contains") return 1 - reply;
  return Math.max(kind === "increment" || kind === "push" ? 1 : 0, reply + random.between(-2, 2));
}

describe.each(TYPES)("the checker of a %s", (type) => {
  test("accepts what a correct server did, however the calls overlap", () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const history = correctHistory(type, new Random(seed), 60);
      expect(checkHistories([history]), `seed ${seed}`).toEqual([]);
    }
  });

  // What could not be read in the end must not hide what the answers show.
  test.each([true, false])(
    "agrees with a search through all orders, whatever was changed; read in the end: %s",
    (isRead) => {
      let impossible = 0;
      for (let seed = 1; seed <= SEEDS * 2; seed++) {
        const random = new Random(seed);
        const changed = tampered(correctHistory(type, random, random.between(2, 9)), random);
        const history = isRead ? changed : { ...changed, final: undefined };
        const possible = isLinearizable(history);
        if (!possible) impossible += 1;
        expect(checkHistories([history]).length === 0, `seed ${seed}: ${JSON.stringify(history)}`).toBe(
          possible,
        );
      }
      expect(impossible).toBeGreaterThan(SEEDS / 10);
    },
  );
});

describe("what a broken server does is found in long histories", () => {
  const histories = (type: KeyType, unknown?: number): { random: Random; history: KeyHistory }[] =>
    Array.from({ length: 100 }, (_, seed) => {
      const random = new Random(seed);
      return { random, history: correctHistory(type, random, 200, unknown) };
    });
  const answeredCall = (history: KeyHistory, random: Random, kind: Call["kind"], from = 0.2): Call => {
    const calls = history.calls.filter((call) => call.kind === kind && call.outcome === "ok");
    return calls[random.between(Math.floor(calls.length * from), Math.floor(calls.length * 0.8))]!;
  };
  const kinds = (history: KeyHistory): string[] => checkHistories([history]).map(({ kind }) => kind);

  test("an acknowledged increment that is gone", () => {
    // Unanswered calls may explain what would else be missing, so there are none here.
    for (const { random, history } of histories("counter", 0)) {
      const lost = answeredCall(history, random, "increment");
      for (const call of history.calls) {
        if (call.reply !== undefined && call !== lost && call.reply > (lost.reply ?? 0)) call.reply -= 1;
      }
      history.final!.number! -= 1;
      expect(kinds(history)).toContain("lost");
    }
  });

  test("an increment that ran twice", () => {
    for (const { random, history } of histories("counter", 0)) {
      const twice = answeredCall(history, random, "increment");
      const first = twice.reply!;
      for (const call of history.calls) {
        if (call === twice || call.reply! > first) call.reply! += 1;
      }
      history.final!.number! += 1;
      expect(kinds(history)).toContain("repeated");
    }
  });

  test("a stale read, and a write that an older one came back over", () => {
    for (const { random, history } of histories("register")) {
      const late = history.calls.at(-1)!;
      const early = answeredCall(history, random, "set", 0);
      history.calls.push({ ...late, kind: "set", value: 1_000, reply: 1_000, ...between(3_000, 3_001) });
      history.calls.push({ ...late, kind: "get", value: 0, reply: early.value, ...between(3_002, 3_003) });
      history.final!.number = 1_000;
      expect(kinds(history)).toContain("lost");
      history.calls.pop();
      history.final!.number = early.value;
      expect(kinds(history)).toContain("lost");
    }
  });

  test("a value from nowhere", () => {
    for (const { history } of histories("register")) {
      history.final!.number = 4_711;
      expect(kinds(history)).toContain("repeated");
    }
    for (const { random, history } of histories("list")) {
      history.final!.values!.splice(random.between(0, 100), 0, 4_711);
      expect(kinds(history)).toContain("repeated");
    }
  });

  test("answers to pushes that contradict each other, where the list could not be read in the end", () => {
    const call = (value: number, reply: number): Call => {
      const begin = value * 10;
      return { key: "l", kind: "push", value, reply, ...between(begin, begin + 1) };
    };
    const kindsOf = (...calls: Call[]) => kinds({ key: "l", type: "list", calls, final: undefined });
    expect(kindsOf(call(1, 1), call(2, 2))).toEqual([]);
    expect(kindsOf(call(1, 3), call(2, 2))).not.toEqual([]);
    expect(kindsOf(call(1, 1), call(2, 1))).toContain("lost");
    expect(kindsOf(call(1, 1), call(2, 3))).toContain("repeated");
  });

  test("pushes that are gone, there twice or in another order", () => {
    for (const { random, history } of histories("list")) {
      const values = history.final!.values!;
      const push = answeredCall(history, random, "push");
      const at = values.indexOf(push.value);
      const without = values.toSpliced(at, 1);
      expect(kinds({ ...history, final: { type: "list", values: without } })).toEqual(["lost"]);
      const twice = [...values, push.value];
      expect(kinds({ ...history, final: { type: "list", values: twice } })).toEqual(["repeated"]);
      const moved = [...without, push.value];
      expect(kinds({ ...history, final: { type: "list", values: moved } })).toEqual(["repeated"]);
    }
  });

  test("a member that is gone", () => {
    for (const { random, history } of histories("set")) {
      const { value } = answeredCall(history, random, "add");
      const values = history.final!.values!.filter((member) => member !== value);
      expect(kinds({ ...history, final: { type: "set", values } })).toEqual(["lost"]);
    }
  });

  const between = (invokedAt: number, endedAt: number) => ({ invokedAt, endedAt, outcome: "ok" as const });
});
