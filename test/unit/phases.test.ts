import { describe, expect, it } from "vitest";
import { planCutover, type PlanInput } from "../../components/engine/cutover/dryRunCutover.ts";
import {
  PHASES,
  runPhases,
  type CutoverSteps,
  type PhaseRecord,
} from "../../components/engine/cutover/phases.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";

const INPUT: PlanInput = {
  from: "blue",
  to: "green",
  verb: "follows",
  verdict: { kind: "lossless (native)", reason: "because", warnings: [] },
  guardrails: DEFAULT_GUARDRAILS,
  backupDirectory: "backups/dev",
};

/** Steps that note that they ran; one may fail. */
function noting(ran: string[], failing?: string): CutoverSteps {
  const step = (name: string) => (): Promise<string> => {
    ran.push(name);
    return name === failing ? Promise.reject(new Error(`${name} failed`)) : Promise.resolve(`${name} done`);
  };
  return Object.fromEntries(PHASES.map((name) => [name, step(name)])) as CutoverSteps;
}

describe("the phases of a cutover", () => {
  it("hold, catch up and fence before there is another primary, and open nothing before that", () => {
    const at = (name: (typeof PHASES)[number]): number => PHASES.indexOf(name);
    const order = [at("preflight"), at("link"), at("hold"), at("catch up"), at("fence"), at("promote")];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(at("promote")).toBeLessThan(at("switch"));
    expect(at("backup")).toBeLessThan(at("hold"));
  });

  it("run in one order, for real and for the plan", async () => {
    const ran: string[] = [];
    const told: string[] = [];
    await runPhases(noting(ran), [], (line) => told.push(line));
    expect(ran).toEqual([...PHASES]);
    expect(told.map((line) => line.split(/ {2,}/)[2])).toEqual([...PHASES]);
    const plan = await planCutover(INPUT);
    expect(plan.map((line) => /^ *\d+\. ([^:]+): ./.exec(line)?.[1])).toEqual([...PHASES]);
  });

  it("print nothing while clients wait, and everything then, also where a phase fails", async () => {
    const events: string[] = [];
    const tell = (line: string): number => events.push(`told ${line.split(/ {2,}/)[2] ?? ""}`);
    const run = runPhases(noting(events, "promote"), [], tell);
    await expect(run).rejects.toThrow("promote failed");
    const waiting = ["hold", "catch up", "fence"];
    expect(events.slice(events.indexOf("hold"))).toEqual([
      ...waiting,
      "promote",
      ...waiting.map((name) => `told ${name}`),
    ]);
    const toTheEnd: string[] = [];
    await runPhases(noting(toTheEnd), [], (line) => toTheEnd.push(`told ${line.split(/ {2,}/)[2] ?? ""}`));
    const told = [...waiting, "promote", "switch"].map((name) => `told ${name}`);
    expect(toTheEnd.slice(toTheEnd.indexOf("hold"), toTheEnd.indexOf("release"))).toEqual([
      ...waiting,
      "promote",
      "switch",
      ...told,
    ]);
  });

  it.each(PHASES)("stop at %s where it fails, with a record of it", async (failing) => {
    const ran: string[] = [];
    const records: PhaseRecord[] = [];
    const announced: string[] = [];
    const run = runPhases(
      noting(ran, failing),
      records,
      () => undefined,
      (name) => announced.push(name),
    );
    await expect(run).rejects.toThrow(`${failing} failed`);
    const until = PHASES.slice(0, PHASES.indexOf(failing) + 1);
    expect(ran).toEqual(until);
    expect(announced).toEqual(until);
    expect(records.map(({ name }) => name)).toEqual(until);
    expect(records.at(-1)?.detail).toBe(`${failing} failed`);
  });
});

describe("the plan of a cutover", () => {
  it("is the same at every look", async () => {
    expect(await planCutover(INPUT)).toEqual(await planCutover(INPUT));
  });

  it("promises to compare the number of keys only where the new colour replicates", async () => {
    const says = async (verb: PlanInput["verb"]): Promise<string> =>
      (await planCutover({ ...INPUT, verb })).join("\n");
    expect(await says("follows")).toMatch(/green follows blue[\s\S]*compare the number of keys/);
    expect(await says("is fed from")).toContain("green is fed from blue");
    expect(await says("is fed from")).not.toContain("number of keys");
  });

  it("says that there is no way back without a link, and why", async () => {
    const verdict = { kind: "backup only", reason: "it can't be read", warnings: [] } as const;
    const plan = await planCutover({ ...INPUT, verdict: { ...verdict, warnings: [] } });
    expect(plan.at(-1)).toContain("it can't be read");
    expect(plan.join("\n")).not.toContain("make blue follow green");
  });
});
