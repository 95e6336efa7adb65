import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { audit, type Audit } from "../support/workload/audit.ts";
import { harmIn, NO_HARM } from "../support/workload/harm.ts";
import type { LaneHistory, LaneState, Operation, OperationKind } from "../support/workload/history.ts";

/** One lane against a server that can be made to misbehave; every operation takes 1 ms and starts each 10 ms. */
class Lane {
  readonly history: LaneHistory = { counter: "c", register: "r", list: "l", operations: [] };
  readonly state: LaneState = { counter: 0, register: 0, list: [] };
  private readonly sequences: Record<OperationKind, number> = { increment: 0, set: 0, push: 0, read: 0 };

  /** Asks for an operation, which is applied `times` and answered as `outcome` says. */
  run(kind: OperationKind, times = 1, outcome: Operation["outcome"] = "ok"): Operation {
    const sequence = ++this.sequences[kind];
    const invokedAt = this.history.operations.length * 10;
    const operation: Operation = { kind, sequence, invokedAt, endedAt: invokedAt + 1, outcome };
    for (let i = 0; i < times; i++) this.apply(kind, sequence);
    if (outcome === "ok") operation.reply = this.replyTo(kind);
    else operation.error = "ERR seeded";
    this.history.operations.push(operation);
    return operation;
  }

  audit(...windows: { name: string; from: number }[]): Audit {
    return audit([this], windows);
  }

  private apply(kind: OperationKind, sequence: number): void {
    if (kind === "increment") this.state.counter += 1;
    if (kind === "set") this.state.register = sequence;
    if (kind === "push") this.state.list.push(sequence);
  }

  private replyTo(kind: OperationKind): number {
    if (kind === "increment") return this.state.counter;
    return kind === "push" ? this.state.list.length : this.state.register;
  }
}

function laneWith(count: number, kind: OperationKind): Lane {
  const lane = new Lane();
  for (let i = 0; i < count; i++) lane.run(kind);
  return lane;
}

describe("a workload without violations", () => {
  test("counts acknowledged writes, not reads, and the longest wait", () => {
    const lane = laneWith(3, "increment");
    lane.run("read");
    lane.run("set").endedAt += 41;
    expect(lane.audit().total).toEqual({
      acknowledgedWrites: 4,
      lostWrites: 0,
      repeatedWrites: 0,
      clientErrors: 0,
      refusals: 0,
      clientGapMs: 42,
    });
  });

  test("an unacknowledged write may be applied or not", () => {
    for (const times of [0, 1]) {
      const lane = new Lane();
      for (const kind of ["increment", "set", "push"] as const) {
        lane.run(kind);
        lane.run(kind, times, "unknown");
      }
      lane.run("increment");
      expect(lane.audit().total).toMatchObject({ lostWrites: 0, repeatedWrites: 0, clientErrors: 3 });
    }
  });
});

describe("errors that clients see", () => {
  test("are refusals only where a server answered so to a write", () => {
    const lane = new Lane();
    const error = "NOREPLICAS Not enough good replicas to write.";
    lane.run("set", 0, "fail").error = error;
    lane.run("push", 0, "fail").error = error;
    lane.run("push", 0, "fail");
    lane.run("increment", 0, "unknown").error = error;
    lane.run("read", 1, "fail").error = error;
    const { total, windows } = lane.audit({ name: "first", from: 0 }, { name: "second", from: 10 });
    expect(total).toMatchObject({ clientErrors: 5, refusals: 2 });
    expect(windows["first"]).toMatchObject({ clientErrors: 1, refusals: 1 });
    expect(harmIn(total)).toEqual({ ...NO_HARM, clientErrors: 5 });
    expect(harmIn(total, true)).toEqual({ ...NO_HARM, clientErrors: 3 });
  });

  test("of a window that is not there are no harmless ones", () => {
    expect(harmIn(undefined)).not.toEqual(NO_HARM);
  });
});

describe("lost writes", () => {
  test("an INCR that the next INCR doesn't count", () => {
    const lane = laneWith(5, "increment");
    lane.state.counter -= 1;
    lane.run("increment");
    expect(lane.audit().total).toMatchObject({ lostWrites: 1, repeatedWrites: 0 });
  });

  test("INCRs that are missing at the end", () => {
    const lane = laneWith(5, "increment");
    lane.state.counter = 2;
    expect(lane.audit().total).toMatchObject({ lostWrites: 3, repeatedWrites: 0 });
  });

  test("a lost INCR isn't made good by a repeated one", () => {
    const lane = laneWith(5, "increment");
    lane.state.counter -= 1;
    lane.run("increment");
    lane.run("increment", 2);
    expect(lane.state.counter).toBe(7);
    expect(lane.audit().total).toMatchObject({ lostWrites: 1, repeatedWrites: 1 });
  });

  test("a push that is missing", () => {
    const lane = laneWith(5, "push");
    lane.state.list.splice(2, 1);
    expect(lane.audit().total).toMatchObject({ lostWrites: 1, repeatedWrites: 0 });
  });

  test("a SET that is missing at the end", () => {
    const lane = laneWith(5, "set");
    lane.state.register = 4;
    expect(lane.audit().total).toMatchObject({ lostWrites: 1, repeatedWrites: 0 });
  });

  test("a SET that the same client doesn't read back, though a later one hides it", () => {
    const lane = laneWith(5, "set");
    lane.state.register = 3;
    lane.run("read");
    lane.run("set");
    expect(lane.audit().total).toMatchObject({ lostWrites: 2, repeatedWrites: 0 });
  });

  test("everything, where the data is gone", () => {
    const lane = new Lane();
    for (const kind of ["increment", "set", "push"] as const) for (let i = 0; i < 4; i++) lane.run(kind);
    Object.assign(lane.state, { counter: 0, register: 0, list: [] });
    expect(lane.audit().total).toMatchObject({ acknowledgedWrites: 12, lostWrites: 12, repeatedWrites: 0 });
  });
});

describe("repeated writes", () => {
  test("an INCR that ran twice before its answer, and one that ran again afterwards", () => {
    const lane = laneWith(2, "increment");
    lane.run("increment", 2);
    lane.state.counter += 1;
    expect(lane.audit().total).toMatchObject({ lostWrites: 0, repeatedWrites: 2 });
  });

  test("a push that is there twice", () => {
    const lane = laneWith(2, "push");
    lane.run("push", 2);
    expect(lane.audit().total).toMatchObject({ lostWrites: 0, repeatedWrites: 1 });
  });

  test("an acknowledged push that is behind a later one", () => {
    const lane = laneWith(4, "push");
    lane.state.list = [1, 3, 2, 4];
    expect(lane.audit().total).toMatchObject({ lostWrites: 0, repeatedWrites: 1 });
  });

  test("what nobody asked for", () => {
    const lane = laneWith(2, "push");
    lane.state.list.push(77);
    lane.state.counter = 1;
    expect(lane.audit().total).toMatchObject({ lostWrites: 0, repeatedWrites: 2 });
  });
});

test("violations, errors and waits belong to the window in which the write was asked for", () => {
  const lane = laneWith(2, "push");
  lane.run("push", 0).endedAt += 99;
  lane.run("push", 2);
  lane.run("set", 0, "fail");
  const { windows, findings } = lane.audit(
    { name: "before", from: 0 },
    { name: "cutover", from: 20 },
    { name: "after", from: 30 },
  );
  expect(windows).toMatchObject({
    before: { acknowledgedWrites: 2, lostWrites: 0, repeatedWrites: 0, clientErrors: 0, clientGapMs: 1 },
    cutover: { acknowledgedWrites: 1, lostWrites: 1, repeatedWrites: 0, clientErrors: 0, clientGapMs: 100 },
    after: { acknowledgedWrites: 1, lostWrites: 0, repeatedWrites: 1, clientErrors: 1, clientGapMs: 1 },
  });
  expect(findings).toHaveLength(3);
  expect(findings.join("\n")).toContain("lost: push asked for at 20 ms, l: 3 is missing");
});

/** How a write goes: as it should, applied twice, or answered and then forgotten by the server. */
type Fate = "once" | "twice" | "forgotten";

function runWithFates(lane: Lane, kind: "increment" | "push", fates: Fate[]): Record<Fate, number> {
  const counts = { once: 0, twice: 0, forgotten: 0 };
  for (const fate of fates) {
    lane.run(kind, fate === "twice" ? 2 : 1);
    counts[fate] += 1;
    if (fate !== "forgotten") continue;
    if (kind === "increment") lane.state.counter -= 1;
    else lane.state.list.pop();
  }
  return counts;
}

function fates(...possible: Fate[]): fc.Arbitrary<Fate[]> {
  return fc.array(fc.constantFrom(...possible), { maxLength: 60 });
}

describe("any sequence of writes", () => {
  test("pushes: every lost and every repeated one is counted", () => {
    fc.assert(
      fc.property(fates("once", "twice", "forgotten"), (sequence) => {
        const lane = new Lane();
        const { twice, forgotten } = runWithFates(lane, "push", sequence);
        expect(lane.audit().total).toMatchObject({ lostWrites: forgotten, repeatedWrites: twice });
      }),
    );
  });

  test("INCRs of which some are lost, or of which some are repeated: every one is counted", () => {
    const one = fc.oneof(fates("once", "twice"), fates("once", "forgotten"));
    fc.assert(
      fc.property(one, (sequence) => {
        const lane = new Lane();
        const { twice, forgotten } = runWithFates(lane, "increment", sequence);
        expect(lane.audit().total).toMatchObject({ lostWrites: forgotten, repeatedWrites: twice });
      }),
    );
  });

  test("INCRs of which some are lost and some are repeated: the sum is right, and nothing is invented", () => {
    fc.assert(
      fc.property(fates("once", "twice", "forgotten"), (sequence) => {
        const lane = new Lane();
        const { twice, forgotten } = runWithFates(lane, "increment", sequence);
        const { lostWrites, repeatedWrites } = lane.audit().total;
        expect(repeatedWrites - lostWrites).toBe(twice - forgotten);
        expect(lostWrites).toBeLessThanOrEqual(forgotten);
      }),
    );
  });

  test("a server that does as it should is never accused, whatever went unanswered", () => {
    const kinds = fc.constantFrom<OperationKind>("increment", "set", "push", "read");
    const writes = fc.array(fc.tuple(kinds, fc.constantFrom("ok", "applied", "dropped")), { maxLength: 80 });
    fc.assert(
      fc.property(writes, (sequence) => {
        const lane = new Lane();
        for (const [kind, end] of sequence)
          lane.run(kind, end === "dropped" ? 0 : 1, end === "ok" ? "ok" : "unknown");
        expect(lane.audit().total).toMatchObject({ lostWrites: 0, repeatedWrites: 0 });
      }),
    );
  });
});
