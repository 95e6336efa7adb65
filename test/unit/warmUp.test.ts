import { describe, expect, it } from "vitest";
import type { CutoverInput } from "../../components/engine/cutover/cutoverInput.ts";
import { PHASES, type CutoverSteps } from "../../components/engine/cutover/phases.ts";
import { warmUpPause } from "../../components/engine/cutover/warmUp.ts";

/** A primary that notes what reaches it. */
function primary(reached: string[]): unknown {
  const answer = (name: string): unknown =>
    name === "INFO" ? "role:master\r\nmaster_repl_offset:7\r\n" : "OK";
  return {
    client: {},
    quicken: () => Promise.resolve(),
    hasUsersFile: () => Promise.resolve(false),
    call: (name: string) => {
      reached.push(name);
      return Promise.resolve(answer(name));
    },
    transaction: (...commands: string[][]) => {
      reached.push(...commands.map(([name = ""]) => name));
      return Promise.resolve(commands.map(([name = ""]) => answer(name)));
    },
  };
}

describe("the warm-up of a write pause", () => {
  it("asks the servers for INFO only, whatever the steps do to theirs", async () => {
    const reached: string[] = [];
    const deployment = { target: {}, colour: "blue", primary: primary(reached) };
    const input = { from: deployment, to: { ...deployment, colour: "green" } } as unknown as CutoverInput;
    const ran: string[] = [];
    await warmUpPause(input, ({ from, to, traffic }) => {
      const step = (name: string) => async (): Promise<string> => {
        ran.push(name);
        await traffic.move("blue", "green");
        for (const server of [from.primary, to.primary]) {
          expect(await server.call("CONFIG", "REWRITE")).toBe("OK");
          const [paused, info] = await server.transaction(["CLIENT", "PAUSE", 1], ["INFO", "replication"]);
          expect(paused).toBe("OK");
          expect(info).toContain("master_repl_offset:7");
        }
        return name;
      };
      return Object.fromEntries(PHASES.map((name) => [name, step(name)])) as CutoverSteps;
    });
    expect(new Set(reached)).toEqual(new Set(["INFO"]));
    expect([...new Set(ran)]).toEqual(["hold", "catch up", "fence", "promote", "switch"]);
  });
});
