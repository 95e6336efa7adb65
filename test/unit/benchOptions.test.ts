import { describe, expect, test } from "vitest";
import { parseBenchOptions } from "../../bench/peers/options.ts";

describe("the bench's command line", () => {
  test("runs every case ten times by default", () => {
    const { quick, heats, previews, bridge } = parseBenchOptions([]);
    expect(quick).toBe(false);
    expect(heats).toHaveLength(3 * 3 * 2);
    expect(new Set(heats.map(({ rounds }) => rounds))).toEqual(new Set([10]));
    expect(new Set(heats.map(({ contestants }) => contestants.length))).toEqual(new Set([4]));
    expect({ previews, bridge }).toEqual({ previews: 10, bridge: { megabytes: 700, rounds: 3 } });
  });

  test("has a quick part that stays below ten minutes and still tells how the pause grows", () => {
    const { quick, heats, minutes } = parseBenchOptions(["--quick"]);
    expect(quick).toBe(true);
    expect(minutes).toBeLessThan(10);
    const ours = heats.filter(({ contestants }) => contestants.includes("cutover"));
    const [small, large] = [0.1, 4].map((gigabytes) => ours.find((heat) => heat.gigabytes === gigabytes));
    expect(large).toMatchObject({ connections: small?.connections, load: small?.load });
  });

  test("takes lists, and runs each combination", () => {
    const { heats } = parseBenchOptions([
      ..."--sizes 0.1,2 --connections 1,50 --loads load --contestants cutover,sentinel --rounds 3".split(" "),
    ]);
    expect(heats.map(({ gigabytes, connections }) => [gigabytes, connections])).toEqual([
      [0.1, 1],
      [0.1, 50],
      [2, 1],
      [2, 50],
    ]);
    expect(heats[0]).toMatchObject({ load: "load", contestants: ["cutover", "sentinel"], rounds: 3 });
  });

  test("adds to what is there, and takes our backups, only where told to", () => {
    expect(parseBenchOptions([])).toMatchObject({ add: false, backup: false });
    expect(parseBenchOptions(["--add", "--backup"])).toMatchObject({ add: true, backup: true });
  });

  test.each([
    ["--sizes", "big", "--sizes big: a number of at least 0.001 is needed"],
    ["--connections", "1.5", "--connections 1.5: a whole number is needed"],
    ["--loads", "heavy", "--loads heavy: one of idle, load is needed"],
    ["--contestants", "us", "--contestants us: one of cutover, failover, sentinel, restart is needed"],
    ["--rounds", "0", "--rounds 0: a number of at least 1 is needed"],
    ["--previews", "-1", "previews"],
  ])("refuses %s %s with a sentence", (option, value, message) => {
    expect(() => parseBenchOptions([`${option}=${value}`])).toThrow(message);
  });
});
