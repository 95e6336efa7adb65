import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Arena } from "../../scripts/chaos/arena.ts";
import { notRun, type CaseResult } from "../../scripts/chaos/caseResult.ts";
import { parseCases, type Case } from "../../scripts/chaos/cases.ts";
import { USUAL } from "../../scripts/chaos/grounds.ts";
import { commandFor, MatrixRun } from "../../scripts/chaos/matrixRun.ts";
import { CaseRecord } from "../../scripts/chaos/record.ts";
import { WentOnError } from "../support/runningUpdate.ts";

const world = vi.hoisted(() => ({
  runCase: vi.fn<(one: Case, arena: Arena, seed: number) => Promise<CaseResult>>(),
  deploy: vi.fn<() => Promise<void>>(),
  remove: vi.fn<() => Promise<void>>(),
}));

vi.mock("../../scripts/chaos/runCase.ts", () => ({ runCase: world.runCase }));
vi.mock("../../scripts/chaos/missing.ts", () => ({ missingFor: () => Promise.resolve(new Map()) }));
vi.mock("../../scripts/chaos/arena.ts", () => {
  const arena = { spoil: () => undefined, versions: { blue: "7.0", green: "8.0" } };
  class Arenas {
    on = (): typeof arena => arena;
    only = (): Promise<typeof arena> => world.deploy().then(() => arena);
    remove = world.remove;
  }
  return { Arenas };
});

const CASES = parseCases("*:driver-stopped:cutover");

/** Of a case in which nothing bad happened, unless said otherwise. */
const passed = (one: Case, seed: number, changes: Partial<CaseResult> = {}): CaseResult => ({
  ...notRun(one, "", { versions: USUAL, seed }),
  outcome: "finished",
  looks: 4_000,
  writers: 1,
  converged: true,
  ...changes,
});

function runOf(jobs = 1, stop = new AbortController()): { run: MatrixRun; record: CaseRecord } {
  const options = {
    cases: CASES,
    seed: 40,
    minutes: Infinity,
    versions: USUAL,
    record: undefined,
    jobs,
    keep: false,
  };
  const record = new CaseRecord(undefined, USUAL);
  return { run: new MatrixRun(options, record, stop.signal), record };
}

describe("a run of the matrix", () => {
  beforeEach(() => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    world.runCase.mockReset().mockImplementation((one, _, seed) => Promise.resolve(passed(one, seed)));
    world.deploy.mockReset().mockResolvedValue();
    world.remove.mockReset().mockResolvedValue();
  });

  test("gives each case's clients a seed of their own, with which it can be run again", async () => {
    const { run, record } = runOf();
    expect(await run.run()).toEqual([]);
    expect(record.results.map(({ seed }) => seed)).toEqual(CASES.map((_, i) => 40 + i));
    expect(commandFor(record.results[2]!)).toBe(
      "npm run chaos -- --only backup:driver-stopped:cutover --blue 7.0 --green 8.0 --seed 42",
    );
  });

  test("ends all workers where one can't go on", async () => {
    world.deploy.mockRejectedValueOnce(new Error("no room for a stack"));
    const { run, record } = runOf(2);
    expect(await run.run()).toEqual(["no room for a stack"]);
    expect(record.results.length).toBe(1);
    expect(world.remove).toHaveBeenCalledTimes(2);
  });

  test("that gives up keeps its results and cleans up", async () => {
    const { run, record } = runOf(2);
    world.runCase.mockImplementation((one, _, seed) =>
      seed < 42 ? Promise.resolve(passed(one, seed)) : Promise.reject(new Error("the machine is full")),
    );
    const problems = await run.run();
    expect(problems.join()).toContain("cases in a row could not be run: the machine is full");
    expect(record.results.filter(({ converged }) => converged).length).toBe(2);
    expect(record.results.length).toBeLessThan(CASES.length);
    expect(world.remove).toHaveBeenCalledTimes(2);
  });

  test("says what it could not remove", async () => {
    world.remove.mockRejectedValue(new Error("redis-chaos is in use"));
    const { run, record } = runOf();
    expect(await run.run()).toEqual(["redis-chaos is in use"]);
    expect(record.results.length).toBe(CASES.length);
  });

  test("tries a case again whose fault came too late for its phase", async () => {
    world.runCase.mockRejectedValueOnce(new WentOnError("the driver had gone on"));
    const { run, record } = runOf();
    await run.run();
    expect(record.results.every(({ outcome }) => outcome === "finished")).toBe(true);
    world.runCase.mockReset().mockRejectedValue(new WentOnError("the driver had gone on"));
    const late = runOf();
    expect((await late.run.run()).length).toBe(1);
    expect(late.record.results[0]).toMatchObject({ outcome: "not run", sentence: "the driver had gone on" });
  });

  test.each([
    [{ lost: 1 }, 1],
    [{ repeated: 1 }, 1],
    [{ writers: 2 }, 1],
    [{ stuck: true }, 0],
    [{ converged: false }, 0],
  ])("that is interrupted keeps a case with %j: %s", async (changes, kept) => {
    const stop = new AbortController();
    world.runCase.mockImplementation((one, _, seed) => {
      stop.abort();
      return Promise.resolve(passed(one, seed, changes));
    });
    const { run, record } = runOf(1, stop);
    await run.run();
    expect(record.results.length).toBe(kept);
  });
});
